/** An answer that says no, in the form in which Boom gives it. */
export class Refused extends Error {
  readonly status: number;
  readonly attributes: object | undefined;

  constructor(status: number, message: string, attributes?: object) {
    super(message);
    this.status = status;
    this.attributes = attributes;
  }

  body(): object {
    const error = NAMES[this.status] ?? 'Error';
    return {
      statusCode: this.status,
      error,
      message: this.message,
      ...(this.attributes && { attributes: this.attributes }),
    };
  }
}

const NAMES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
};

export const transform = rows => rows;

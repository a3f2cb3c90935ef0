import type { DashboardSettings } from '../../config/dashboard-schema.ts';
import type { Control, Dashboard, DataView, Grouping, Metric } from '../dashboard.ts';
import type { DatasetFacts, FieldFacts } from '../facts/facts.ts';
import { bestDate, type BestDate } from './best-date.ts';
import { categoriesOf, type Category, isCharted, isSought } from './categories.ts';
import { fieldFormat, type Language } from './formats.ts';
import { labelOf, titleOf } from './labels.ts';
import { type Band, placed, type Unplaced } from './layout.ts';
import { type Measure, measuresOf, metricOf } from './measures.ts';
import type { NumberRole } from './number-role.ts';
import { runsView } from '../operations/views.ts';
import { runsPanels } from './runs-panels.ts';
import { type Reason, sentences } from './reasons.ts';
import { settingsToCheck } from './settings-fields.ts';
import { intervalOf, timeRange } from './time-range.ts';
import { type Words, WORDS } from './words.ts';
import { wordsOf } from '../words-of.ts';

export interface PlanContext {
  /** Whether there is the data stream of runs, metrics-orchestrator.runs-default. */
  hasRuns: boolean;
  /** Where browsers reach the orchestrator's page, without a slash at its end; null: runs have no links. */
  pageUrl: string | null;
  /** Milliseconds since 1970-01-01 UTC. */
  now: number;
}

export interface Plan {
  dashboard: Dashboard;
  /** Why each field is shown as it is, and what is not shown. Sentences. */
  reasons: string[];
  /** What of the settings could not be done. Sentences. */
  toCheck: string[];
}

// Few panels are looked at with pleasure, many are not looked at.
const MOST_DISTINCT_SHARE = 0.9;
const MOST_FIGURES = 5;
const MOST_CHARTS_OVER_TIME = 3;
const MOST_CATEGORIES = 4;
const MOST_CONTROLS = 4;
const MOST_METRICS = 5;
const MOST_COLUMNS = 30;
/** Values that a chart names of many. */
const TOP = 10;
const MOST_YEARS = 200;
/** More parts of a whole are not told apart. */
const MOST_SHARES = 5;
/** What a position on a map is told of. */
const MOST_TOLD = 5;

/** What is worth showing of a dataset, and where. */
export function planDashboard(facts: DatasetFacts, settings: DashboardSettings, context: PlanContext): Plan {
  const planning = new Planning(facts, settings, context);
  return { dashboard: planning.dashboard(), reasons: planning.reasons(), toCheck: settingsToCheck(facts, settings) };
}

class Planning {
  readonly #facts: DatasetFacts;
  readonly #settings: DashboardSettings;
  readonly #context: PlanContext;
  readonly #language: Language;
  readonly #words: Words;
  readonly #fields: FieldFacts[];
  readonly #date: BestDate | null;
  readonly #measures: Measure[];
  readonly #roles: Map<string, NumberRole>;
  readonly #categories: Category[];
  readonly #reasons: Reason[];

  constructor(facts: DatasetFacts, settings: DashboardSettings, context: PlanContext) {
    this.#facts = facts;
    this.#settings = settings;
    this.#context = context;
    this.#language = settings.language ?? facts.language.code ?? 'en';
    this.#words = WORDS[this.#language];
    this.#fields = shownFields(facts.fields, settings);
    this.#date = bestDate(facts.fields, facts.rows, settings.time);
    const { measures, roles, reasons } = measuresOf(this.#fields, settings, name => this.#label(name));
    const classes = [...roles].filter(([, role]) => role === 'group' && !this.#date).map(([name]) => name);
    const categories = categoriesOf(this.#fields, facts.rows, new Set([...classes, ...(settings.filters ?? [])]));
    this.#measures = measures;
    this.#roles = roles;
    this.#categories = categories.chosen;
    this.#reasons = [...reasons, ...categories.reasons];
  }

  dashboard(): Dashboard {
    const { dataset, pattern } = this.#facts;
    const key = `dataset/${dataset}`;
    const range = this.#date ? timeRange(this.#date.date, this.#context.now).range : null;
    return {
      key,
      title: this.#settings.title ?? titleOf(dataset),
      description: this.#words.description(dataset, pattern),
      timeRange: range,
      views: [this.#view(key), ...(this.#context.hasRuns ? [runsView(this.#context)] : [])],
      controls: this.#controls(),
      panels: placed(this.#bands()),
    };
  }

  reasons(): string[] {
    const { reason } = this.#facts.language;
    const language = this.#settings.language ? 'LOAD.dashboard.language says so' : reason;
    return [
      `The language is ${this.#language === 'fr' ? 'French' : 'English'}: ${language}.`,
      ...this.#timeReasons(),
      ...sentences(this.#reasons),
      ...this.#mapReasons(),
      ...sentences(this.#facts.leftOut.map(({ name, reason: why }) => ({ name, reason: `is left out: ${why}` }))),
      ...this.#facts.notes,
    ];
  }

  #timeReasons(): string[] {
    if (this.#date === null) return ['No date varies that most rows have, so the dashboard has no time range.'];
    const { field, reason, date } = this.#date;
    const without = Math.max(0, (this.#facts.rows ?? 0) - (field.values?.documents ?? 0));
    return [
      `${field.name} is the date of the rows: ${reason}.`,
      `The time range is ${timeRange(date, this.#context.now).reason}.`,
      ...(without > 0 ? [`${without} rows have no ${field.name}, and are not shown while a time range is set.`] : []),
    ];
  }

  /** Where there are two columns of numbers instead of one of positions. */
  #mapReasons(): string[] {
    const named = (...words: string[]) =>
      this.#fields.find(({ name, kind }) => kind === 'number' && words.some(word => wordsOf(name).includes(word)))
        ?.name;
    const [latitude, longitude] = [named('lat', 'latitude'), named('lon', 'lng', 'long', 'longitude')];
    if (this.#maps().length > 0 || latitude === undefined || longitude === undefined) return [];
    const step = `- add: {POSITION: '{${latitude}},{${longitude}}'}`;
    return [`There is no map of ${latitude} and ${longitude}: the step "${step}" makes the column that one needs.`];
  }

  #view(key: string): DataView {
    const format = (field: FieldFacts) => fieldFormat(field, this.#roles.get(field.name), this.#language);
    return {
      key,
      pattern: this.#facts.pattern,
      name: this.#settings.title ?? titleOf(this.#facts.dataset),
      timeField: this.#date?.field.name ?? null,
      types: Object.fromEntries(
        this.#facts.fields.flatMap(({ name, type, grouped }) => [
          [name, type],
          ...(grouped === null || grouped === name ? [] : [[grouped, 'keyword']]),
        ]),
      ),
      formats: Object.fromEntries(
        this.#fields.flatMap(field => {
          const own = format(field);
          return own === undefined ? [] : [[field.name, own]];
        }),
      ),
    };
  }

  #controls(): Control[] {
    const { filters } = this.#settings;
    if (filters === undefined) return this.#usualControls();
    const fields = new Map(this.#facts.fields.map(field => [field.name, field]));
    return filters.flatMap((name): Control[] => {
      const field = fields.get(name);
      if (!field?.grouped || field.kind === 'date' || field.kind === 'geo_point') return [];
      const isMeasure = this.#measures.some(({ field: measured }) => measured.name === name);
      return [{ kind: isMeasure ? 'range' : 'values', field: field.grouped, title: this.#label(name) }];
    });
  }

  /** What has few values; where there is little of that, names of things that people look for. */
  #usualControls(): Control[] {
    const few = this.#categories.slice(0, MOST_CONTROLS).map(({ field }) => field);
    const sought =
      few.length > 1 ? [] : this.#fields.filter(field => isSought(field) && !few.some(one => one === field));
    return [...few, ...sought.slice(0, 2)].map(({ name, grouped }) => ({
      kind: 'values',
      field: grouped ?? name,
      title: this.#label(name),
    }));
  }

  #bands(): Band[] {
    return [
      { height: 5, perLine: MOST_FIGURES, panels: this.#figures() },
      ...this.#overTime(),
      { height: 13, perLine: 3, panels: this.#values() },
      { height: 18, perLine: 2, panels: this.#maps() },
      { height: 20, perLine: 1, panels: this.#fields.length > 0 ? [this.#documents()] : [] },
      {
        height: 5,
        perLine: 3,
        panels: this.#context.hasRuns ? runsPanels(this.#facts.dataset, this.#language) : [],
      },
    ];
  }

  #figures(): Unplaced[] {
    const rows: Unplaced = { key: 'rows', title: this.#words.rows, kind: 'figure', metric: this.#count() };
    const measures = this.#measures.slice(0, MOST_FIGURES - 1).map((measure): Unplaced => {
      const metric = metricOf(measure, this.#words);
      return { key: `figure/${measure.field.name}`, title: metric.label, kind: 'figure', metric };
    });
    return [rows, ...measures, ...(measures.length < 2 ? this.#distinctFigures() : [])];
  }

  /**
   * Where there is little to add up: how many different things there are. Elasticsearch estimates that, and of what is
   * another one in nearly every row it would say more than there are rows.
   */
  #distinctFigures(): Unplaced[] {
    const most = MOST_DISTINCT_SHARE * (this.#facts.rows ?? Infinity);
    return this.#fields
      .filter(field => isSought(field) && (field.values?.distinct ?? 0) <= most)
      .slice(0, 2)
      .map(({ name, grouped }): Unplaced => {
        const label = this.#words.distinct(this.#label(name));
        const format = { as: 'number', pattern: '0,0' } as const;
        const metric: Metric = { label, of: 'unique_count', field: grouped ?? name, format };
        return { key: `distinct/${name}`, title: label, kind: 'figure', metric };
      });
  }

  /** Two in a line; where they are odd, the rows have one of their own. */
  #overTime(): Band[] {
    const groups = this.#timeGroups();
    if (groups === null) return [];
    const rows: Unplaced = {
      key: 'over-time',
      title: this.#overTimeTitle(this.#words.rows, groups),
      kind: 'chart',
      shape: 'bar',
      groups,
      metrics: [this.#count()],
    };
    const charts = alike(this.#measures)
      .slice(0, MOST_CHARTS_OVER_TIME)
      .map(measures => this.#measureOverTime(measures, groups));
    const alone = charts.length % 2 === 0 ? [rows] : [];
    const paired = alone.length === 0 ? [rows, ...charts] : charts;
    return [
      { height: 10, perLine: 1, panels: alone },
      { height: 12, perLine: 2, panels: paired },
    ];
  }

  /** By the best date; where there is none, by the first column of years. */
  #timeGroups(): Grouping | null {
    if (this.#date !== null) {
      const { field, date } = this.#date;
      return { by: 'time', field: field.name, interval: intervalOf(date), label: this.#label(field.name) };
    }
    const years = this.#fields.find(
      ({ name, values }) => this.#roles.get(name) === 'year' && (values?.distinct ?? 0) > 1,
    );
    if (years === undefined || this.#settings.time === false) return null;
    const size = Math.min(MOST_YEARS, years.values?.distinct ?? 1);
    const label = this.#label(years.name);
    return { by: 'values', field: years.name, size, others: false, order: 'value', label };
  }

  #overTimeTitle(figure: string, { by, label }: Grouping): string {
    return by === 'time' ? this.#words.overTime(figure) : this.#words.per(figure, label);
  }

  #measureOverTime(measures: readonly Measure[], groups: Grouping): Unplaced {
    const [first] = measures as readonly [Measure];
    const label = this.#words[first.of](measures.map(measure => measure.label).join(', '));
    return {
      key: `over-time/${first.field.name}`,
      title: this.#overTimeTitle(label, groups),
      kind: 'chart',
      shape: first.of === 'sum' ? 'bar' : 'line',
      groups,
      metrics: measures.map(measure => metricOf(measure, this.#words)),
    };
  }

  /** Top values, and a table of the figures by the best of them. */
  #values(): Unplaced[] {
    const charted = this.#categories.filter(isCharted).slice(0, MOST_CATEGORIES);
    const panels = charted.map((category): Unplaced => {
      const { field, distinct, isFew } = category;
      const label = this.#label(field.name);
      const size = isFew ? Math.max(1, distinct) : TOP;
      // One bar for all others would make small ones of those that are named.
      const groups: Grouping = { by: 'values', field: field.grouped, size, others: false, order: 0, label };
      const key = `values/${field.name}`;
      if (distinct <= MOST_SHARES) return { key, title: label, kind: 'share', groups, metric: this.#count() };
      const title = isFew ? label : this.#words.top(TOP, label);
      return { key, title, kind: 'chart', shape: 'bar-horizontal', groups, metrics: [this.#count()] };
    });
    const best = charted.find(({ distinct }) => distinct > 5 && distinct <= 50) ?? charted[0];
    return best === undefined || this.#measures.length === 0 ? panels : [...panels, this.#summary(best)];
  }

  #summary({ field, distinct }: Category): Unplaced {
    const label = this.#label(field.name);
    const metrics = this.#measures.slice(0, MOST_METRICS - 1).map(measure => metricOf(measure, this.#words));
    const order = this.#measures[0]?.of === 'sum' ? 1 : 0;
    const rows: Grouping[] = [
      {
        by: 'values',
        field: field.grouped,
        size: Math.min(20, Math.max(1, distinct)),
        others: distinct > 20,
        order,
        label,
      },
    ];
    return {
      key: `by/${field.name}`,
      title: this.#words.by(label),
      kind: 'table',
      rows,
      metrics: [this.#count(), ...metrics],
    };
  }

  #maps(): Unplaced[] {
    const points = this.#fields.filter(({ kind, values }) => kind === 'geo_point' && values?.documents !== 0);
    return points.slice(0, 1).map(
      ({ name }): Unplaced => ({
        key: `map/${name}`,
        title: this.#words.map,
        kind: 'map',
        field: name,
        told: this.#told(),
      }),
    );
  }

  /** Names of things first; no codes, and no positions. */
  #told(): string[] {
    const isTold = ({ name, kind, values }: FieldFacts) =>
      kind !== 'geo_point' && this.#roles.get(name) !== 'none' && values?.documents !== 0;
    const shown = this.#fields.filter(isTold);
    const sought = shown.filter(isSought);
    return [...new Set([...sought, ...shown].map(({ name }) => name))].slice(0, MOST_TOLD);
  }

  #documents(): Unplaced {
    const sort = this.#date ? { field: this.#date.field.name, order: 'desc' as const } : null;
    const title = sort ? this.#words.newestRows : this.#words.allRows;
    return { key: 'documents', title, kind: 'documents', columns: this.#tableColumns(), sort };
  }

  /** Of many columns the first that have values. */
  #tableColumns(): string[] {
    const filled = this.#fields.filter(({ values }) => values === null || values.documents > 0);
    return (filled.length > 0 ? filled : this.#fields).slice(0, MOST_COLUMNS).map(({ name }) => name);
  }

  #count(): Metric {
    return { label: this.#words.rows, of: 'count', format: { as: 'number', pattern: '0,0' } };
  }

  #label(name: string): string {
    const { labels = {} } = this.#settings;
    return (Object.hasOwn(labels, name) ? labels[name] : undefined) ?? labelOf(name);
  }
}

/** In the order that the settings say, else in the file's. */
function shownFields(fields: readonly FieldFacts[], { fields: wanted, hide = [] }: DashboardSettings): FieldFacts[] {
  const byName = new Map(fields.map(field => [field.name, field]));
  const shown = wanted?.flatMap(name => byName.get(name) ?? []) ?? fields.filter(({ name }) => !SOURCE.has(name));
  return shown.filter(({ name }) => !hide.includes(name));
}

/** What LOAD.source_columns adds. */
const SOURCE: ReadonlySet<string> = new Set(['SOURCE_FILE', 'SOURCE_RUN', 'SOURCE_ROW']);

/** Averages of which one word says what they are share a chart: two temperatures. Sums stand alone. */
function alike(measures: readonly Measure[]): Measure[][] {
  const groups = Map.groupBy(measures, ({ field, of, judgement }) =>
    of === 'average' && judgement.word !== null ? `average ${judgement.word}` : field.name,
  );
  return [...groups.values()].map(group => group.slice(0, 4));
}

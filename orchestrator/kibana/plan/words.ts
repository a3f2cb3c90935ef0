/** What a dataset's dashboard says in a language. */
export interface Words {
  rows: string;
  rowsOverTime: string;
  newestRows: string;
  allRows: string;
  map: string;
  lastLoad: string;
  rejectedRows: string;
  failedRuns: string;
  /** `Amount, total`. */
  sum: (label: string) => string;
  average: (label: string) => string;
  sumOverTime: (label: string) => string;
  averageOverTime: (label: string) => string;
  distinct: (label: string) => string;
  by: (label: string) => string;
  top: (count: number, label: string) => string;
  description: (dataset: string, index: string) => string;
  /** Several columns in one title. */
  and: (labels: readonly string[]) => string;
}

export const WORDS: Readonly<Record<'en' | 'fr', Words>> = {
  en: {
    rows: 'Rows',
    rowsOverTime: 'Rows over time',
    newestRows: 'Newest rows',
    allRows: 'Rows of the files',
    map: 'Map',
    lastLoad: 'Last load',
    rejectedRows: 'Rejected rows, last 30 days',
    failedRuns: 'Failed loads, last 30 days',
    sum: label => `${label}, total`,
    average: label => `${label}, average`,
    sumOverTime: label => `${label}, total over time`,
    averageOverTime: label => `${label}, average over time`,
    distinct: label => `${label}, different values`,
    by: label => `By ${label}`,
    top: (count, label) => `${label}, top ${count}`,
    description: (dataset, index) => `Rows of the dataset ${dataset} (index ${index}). Made by the orchestrator.`,
    and: labels => labels.join(', '),
  },
  fr: {
    rows: 'Lignes',
    rowsOverTime: 'Lignes au fil du temps',
    newestRows: 'Dernières lignes',
    allRows: 'Lignes des fichiers',
    map: 'Carte',
    lastLoad: 'Dernier chargement',
    rejectedRows: 'Lignes rejetées, 30 derniers jours',
    failedRuns: 'Chargements en échec, 30 derniers jours',
    sum: label => `${label}, total`,
    average: label => `${label}, moyenne`,
    sumOverTime: label => `${label}, total au fil du temps`,
    averageOverTime: label => `${label}, moyenne au fil du temps`,
    distinct: label => `${label}, valeurs différentes`,
    by: label => `Par ${label}`,
    top: (count, label) => `${label}, top ${count}`,
    description: (dataset, index) => `Lignes du jeu de données ${dataset} (index ${index}). Créé par l’orchestrateur.`,
    and: labels => labels.join(', '),
  },
};

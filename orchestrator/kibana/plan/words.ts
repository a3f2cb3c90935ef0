/** What a dataset's dashboard says in a language. */
export interface Words {
  rows: string;
  newestRows: string;
  allRows: string;
  map: string;
  lastLoad: string;
  rejectedRows: string;
  failedRuns: string;
  /** `Amount, total`. */
  sum: (label: string) => string;
  average: (label: string) => string;
  overTime: (figure: string) => string;
  distinct: (label: string) => string;
  /** Of a figure, by the groups of a column. */
  per: (figure: string, label: string) => string;
  by: (label: string) => string;
  top: (count: number, label: string) => string;
  description: (dataset: string, index: string) => string;
}

export const WORDS: Readonly<Record<'en' | 'fr', Words>> = {
  en: {
    rows: 'Rows',
    newestRows: 'Newest rows',
    allRows: 'Rows of the files',
    map: 'Map',
    lastLoad: 'Last load',
    rejectedRows: 'Rejected rows, last 30 days',
    failedRuns: 'Failed loads, last 30 days',
    sum: label => `${label}, total`,
    average: label => `${label}, average`,
    overTime: figure => `${figure} over time`,
    distinct: label => `${label}, different values`,
    per: (figure, label) => `${figure} by ${label}`,
    by: label => `By ${label}`,
    top: (count, label) => `${label}, top ${count}`,
    description: (dataset, index) => `Rows of the dataset ${dataset} (index ${index}). Made by the orchestrator.`,
  },
  fr: {
    rows: 'Lignes',
    newestRows: 'Dernières lignes',
    allRows: 'Lignes des fichiers',
    map: 'Carte',
    lastLoad: 'Dernier chargement',
    rejectedRows: 'Lignes rejetées, 30 derniers jours',
    failedRuns: 'Chargements en échec, 30 derniers jours',
    sum: label => `${label}, total`,
    average: label => `${label}, moyenne`,
    overTime: figure => `${figure} au fil du temps`,
    distinct: label => `${label}, valeurs différentes`,
    per: (figure, label) => `${figure} par ${label}`,
    by: label => `Par ${label}`,
    top: (count, label) => `${label}, top ${count}`,
    description: (dataset, index) => `Lignes du jeu de données ${dataset} (index ${index}). Créé par l’orchestrateur.`,
  },
};

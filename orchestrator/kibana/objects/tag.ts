import { idOf } from './ids.ts';
import { type Reference, savedObject, type SavedObject } from './saved-object.ts';

/** By it people find what is made here, and what is not. */
export const TAG: SavedObject = savedObject('tag', idOf('tag'), {
  name: 'orchestrator',
  description: 'Made by the orchestrator. Copies of it are left alone.',
  color: '#61A2FF',
});

export const TAG_REFERENCE: Reference = { type: 'tag', id: TAG.id, name: `tag-ref-${TAG.id}` };

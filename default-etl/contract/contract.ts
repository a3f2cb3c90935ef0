// What the orchestrator knows of this program: the one module of it that may be imported there. Nothing here imports
// it: what TRANSFORM means takes 5 ms to load (Node 24.21), which most files don't need.
export { BOUNDS } from './bounds.ts';
export { FORMAT_WORDS } from '../extract/registry.ts';
export { closest } from './closest.ts';
export { type FoundPlace, type Place, placesOf } from '../load/elasticsearch/places.ts';
export * from './protocol.ts';
export type { Load } from './settings.ts';
export { defaultTarget, TARGETS, targetOf } from '../load/registry.ts';
export { findStepMistakes } from '../transform/check-steps.ts';
export type { OptionSchema } from '../transform/option-schema.ts';
export { STEP_SCHEMAS } from '../transform/step-options.ts';

export { collectMessage } from './collectMessage.ts';
export { pollSource } from './pollSource.ts';
export { runImport } from './runImport.ts';
export { runPipeline } from './runPipeline.ts';

export { runImport } from './runImport.ts';
export { runPipeline } from './runPipeline.ts';

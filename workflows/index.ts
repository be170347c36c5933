export { runPipeline } from './runPipeline.ts';

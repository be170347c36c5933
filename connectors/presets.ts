/* Senders that a source can name as its `preset`: one line each, and nothing else knows them. */
export { facebook } from './facebook/index.ts';
export { googleSheets } from './google-sheets/index.ts';

import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

/** Something changed in the rows; `seq` is the newest event's number. A lost or repeated one is harmless. */
export const recordChangedSignal = defineSignal<[{ readonly seq: number }]>('recordChanged');

/** Repair and continue: a parked process does its failed step again. */
export const retrySignal = defineSignal('retry');

/** Does now what the process waits for; a parked process leaves its failed step. Answers where it stands then. */
export const skipWaitUpdate = defineUpdate<string>('skipWait');

/** Where the process stands, as the operator reads it. */
export const detailsQuery = defineQuery<string>('details');

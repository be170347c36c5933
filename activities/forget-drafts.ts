import { forgetDrafts } from '../commands/imports/forgetDrafts.ts';
import type { BlobStore } from '../store/blobs.ts';
import { processContext, type WorkerStore } from './context.ts';

export interface TidyStore extends WorkerStore {
  readonly blobs: Pick<BlobStore, 'remove'>;
}

/** Forgets the drafts of imports that nobody wants any more, of every tenant. Safe beside others that do the same. */
export async function forgetAllDrafts(store: TidyStore): Promise<void> {
  for (const tenantId of store.registry.tenantIds)
    await forgetDrafts(processContext(store, { tenantId, entity: 'import', recordId: 'drafts' }), store.blobs);
}

import type { NativeConnection } from '@temporalio/worker';
import { keywordAttributes } from './starter.ts';

/** `INDEXED_VALUE_TYPE_KEYWORD` of Temporal's API. */
const keyword = 2;

/**
 * Makes the namespace know our search attributes; those it knows stay. Answers false where it may not be asked (Temporal Cloud)
 * and does not know them: processes then start without.
 */
export async function registerAttributes(
  connection: NativeConnection,
  options: { readonly namespace: string; readonly onError: (error: unknown) => void },
): Promise<boolean> {
  const { namespace } = options;
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = keywordAttributes.filter((name) => !(name in customAttributes));
    if (missing.length === 0) return true;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
    return true;
  } catch (error) {
    options.onError(error);
    return false;
  }
}

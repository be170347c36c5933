import type { NativeConnection } from '@temporalio/worker';
import { instantAttributes, keywordAttributes } from './starter.ts';

/** `INDEXED_VALUE_TYPE_KEYWORD` and `INDEXED_VALUE_TYPE_DATETIME` of Temporal's API. */
const keyword = 2;
const instant = 6;

const wanted: ReadonlyMap<string, number> = new Map([
  ...keywordAttributes.map((name): [string, number] => [name, keyword]),
  ...instantAttributes.map((name): [string, number] => [name, instant]),
]);

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
    const missing = [...wanted].filter(([name]) => !(name in customAttributes));
    if (missing.length === 0) return true;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing),
    });
    return true;
  } catch (error) {
    options.onError(error);
    return false;
  }
}

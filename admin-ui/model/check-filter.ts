import type { EntityModel } from '../../core/entity.ts';
import { LeitwerkError, type Language } from '../../core/errors.ts';
import { parseFilter, type FilterOptions } from '../../core/filter/index.ts';

/** Where a filter is wrong, and what was expected there: `position` counts from 1 in the text that the person typed. */
export interface FilterFault {
  readonly position: number | undefined;
  readonly message: string;
  /** The column whose head holds the text; absent for the filter line. */
  readonly column?: string;
}

interface Typed {
  readonly filter: string | undefined;
  readonly columns: Readonly<Record<string, string>> | undefined;
}

/** Sentence of the parser without the place, which is shown by the mark. */
const withoutPlace = (text: string): string => text.replace(/^Filter, (Stelle|position) \d+: /, '');

const faultOf = (error: LeitwerkError, skipped: number, language: Language): FilterFault => {
  const { position } = error.facts;
  return {
    position: typeof position === 'number' ? Math.max(1, position - skipped) : undefined,
    message: withoutPlace(error.text[language]),
  };
};

/** Checks what was typed with the parser that the server uses, so that the place of an error is exact and at once. */
export function findFilterFault(
  typed: Typed,
  model: EntityModel,
  options: FilterOptions & { readonly language: Language },
): FilterFault | undefined {
  const check = (text: string, skipped: number): FilterFault | undefined => {
    try {
      parseFilter(text, model, options);
      return undefined;
    } catch (error) {
      if (!(error instanceof LeitwerkError)) throw error;
      return faultOf(error, skipped, options.language);
    }
  };
  const inLine = typed.filter === undefined ? undefined : check(typed.filter, 0);
  if (inLine !== undefined) return inLine;
  for (const [column, text] of Object.entries(typed.columns ?? {})) {
    const fault = check(`${column}: ${text}`, column.length + 2);
    if (fault !== undefined) return { ...fault, column };
  }
  return undefined;
}

import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends every run with one line that scripts can read: `N passed, N failed, N skipped`.
 * Skips are listed with their reason; with CI=true a skip is a failure, because there every server must be present.
 */
export class ClosingLine implements Reporter {
  #skips: readonly string[] = [];
  #count = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    // At exit, so that nothing printed by servers that are still ending comes after it.
    process.once('exit', (code) => {
      const { passed, skipped } = this.#count;
      // A run can break off before its tests, for example because a server could not be started: that is no success.
      const failed = this.#count.failed === 0 && code !== 0 ? 1 : this.#count.failed;
      if (failed > 0 || (process.env['CI'] === 'true' && skipped > 0)) process.exitCode = 1;
      process.stdout.write(
        `${[...this.#skips, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n')}\n`,
      );
    });
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded has no tests, and must not look like a success.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    this.#skips = skipped.map(toSkipLine);
    this.#count = { passed: count('passed'), failed: count('failed') + broken, skipped: skipped.length };
  }
}

function toSkipLine(test: TestCase): string {
  const result = test.result();
  const reason = result.state === 'skipped' ? result.note : undefined;
  return `skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reason ?? 'no reason given'}`;
}

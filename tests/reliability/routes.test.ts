import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { buildHouse, type House } from '../security/house.ts';
import {
  makeTargets,
  perform,
  readOperations,
  renewTarget,
  type Operation,
  type Targets,
} from '../security/operations.ts';
import { dialects } from '../support/stores.ts';

/** More writes than any act makes. */
const mostWrites = 40;

const isWrite = ({ method, right, path }: Operation): boolean =>
  method !== 'GET' && right !== 'visitor' && !/session|\/me$|\/count$|\/matches$/.test(path);

describe.each(dialects)('R13: the disk is full at the n-th write of a route, on %s', (dialect) => {
  let house: House;
  let built: Promise<House> | undefined;

  beforeEach(async ({ skip }) => {
    built ??= buildHouse({ skip }, dialect);
    house = await built;
  });
  afterAll(async () => {
    await (await built)?.close();
  });

  /** Performs the operation with a fault at its first write, its second, and so on, until it comes through. */
  const failAtEach = async (operation: Operation, targets: Targets): Promise<{ found: string[]; faults: number }> => {
    const name = `${operation.method} ${operation.path}`;
    for (let nth = 1; nth <= mostWrites; nth += 1) {
      const before = await house.state();
      await house.app.arm(`write:ENOSPC:${nth}`);
      const heard = await perform(house, house.admin, { operation, targets });
      await house.app.arm('none');
      if (heard.status !== 503)
        return { found: heard.status < 500 ? [] : [`${name}: ${heard.status}`], faults: nth - 1 };
      if (!(Number(heard.headers.get('retry-after')) > 0)) return { found: [`${name}: no Retry-After`], faults: nth };
      if (before !== (await house.state())) return { found: [`${name}: half-written at write ${nth}`], faults: nth };
    }
    return { found: [`${name}: never came through`], faults: mostWrites };
  };

  it('answers 503 with Retry-After, has written nothing, and comes through when there is room', async () => {
    const found: string[] = [];
    let faults = 0;
    let targets = await makeTargets(house);
    for (const operation of (await readOperations(house)).filter(isWrite)) {
      targets = await renewTarget(house, targets, operation);
      const result = await failAtEach(operation, targets);
      found.push(...result.found);
      faults += result.faults;
    }
    expect(found).toEqual([]);
    expect(faults).toBeGreaterThan(100);
  });
});

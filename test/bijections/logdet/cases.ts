import type { ResidualBlock } from "../../../src/bijections/index.js";
import { Scope } from "../../../src/nn/index.js";
import { settledFeeds } from "../../support/modules.js";
import { normals, type Feeds, type Values } from "../../support/values.js";

/** A block whose norms have settled, and an event. */
export interface Case {
  readonly block: ResidualBlock;
  readonly scope: Scope;
  readonly feeds: Feeds;
  /** One event. */
  readonly x: Values;
}

/** A case of a block that `make` declares. */
export function makeCase(make: (scope: Scope) => ResidualBlock): Case {
  const scope = new Scope();
  const block = make(scope.child("block"));
  return { block, scope, feeds: settledFeeds(scope), x: normals("x", [1, ...block.inShape]) };
}

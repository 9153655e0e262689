import type { Engine } from "../../src/engine/index.js";
import { createModel } from "../../src/models/index.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { ndarray, mapValues } from "../../src/tree.js";
import type { JsonValue } from "../../src/json.js";
import { settledFeeds } from "../support/modules.js";

/** A model with numbers of which none is special. */
export function openSmall(engine: Engine, kind: string, config: JsonValue): Promise<AnyRunner> {
  const model = createModel(kind, config);
  const feeds = settledFeeds(model.scope, { gain: model.scope.norms.length > 0 ? 4 : 1 });
  const arrays = mapValues(feeds, ({ shape, data }) => ndarray(data, shape));
  return openModel(model, arrays, { engine });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { threadsPerRank } from "../../src/cli/ranks.js";

describe("threads of a rank", () => {
  const threads = (ranks: number, available: number, all: number): number =>
    threadsPerRank({ OMPI_COMM_WORLD_LOCAL_SIZE: String(ranks) }, available, all);

  it("are an equal part of the machine's, or of the socket's that ranks are bound to", () => {
    assert.equal(threads(4, 64, 64), 16);
    assert.equal(threads(8, 32, 64), 8);
    assert.equal(threads(2, 32, 64), 32);
  });

  it("are no more than the rank is bound to, and one at least", () => {
    assert.equal(threads(2, 1, 64), 1);
    assert.equal(threads(5, 2, 2), 1);
    assert.equal(threadsPerRank({}, 3, 4), 3);
    assert.equal(threadsPerRank({ MPI_LOCALNRANKS: "2" }, 4, 4), 2);
  });
});

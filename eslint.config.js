import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Layers of src/, lowest first: a file imports from its own layer or from one before it. */
const layers = [
  "errors",
  "closable",
  "json",
  "text",
  "version",
  "tree",
  "half",
  "crc32",
  "border",
  "files",
  "random",
  "graph",
  "autodiff",
  "onnx",
  "engine",
  "mpi",
  "nn",
  "certificates",
  "bijections",
  "distributions",
  "models",
  "pytorch",
  "data",
  "checkpoint",
  "train",
  "runner",
  "measure",
  "tables",
  "export",
  "pictures",
  "images",
  "runs",
  "reproduce",
  "index",
  "node",
  "web",
  "cli",
];

const restrict = (group, message) => ({
  "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ group, message }] }],
});

/** Above the engine nobody but `export` knows ONNX; below `index` nobody reaches up. */
const layerRules = layers.map((layer, at) => {
  const above = layers.slice(at + 1);
  const hidden = at > layers.indexOf("engine") && layer !== "export" ? ["onnx"] : [];
  return {
    files: [`src/${layer}.ts`, `src/${layer}/**/*.ts`],
    ignores: [
      "src/engine/{node,web}-worker.ts",
      "src/engine/node-file.ts",
      "src/engine/runtime.ts",
    ],
    rules: restrict(
      [...above, ...hidden]
        .flatMap((name) => [
          `./${name}.js`,
          `../${name}.js`,
          `../../${name}.js`,
          `../**/${name}/**`,
          `./${name}/**`,
        ])
        .concat("onnxruntime-*"),
      `src/${layer} imports its own layer or a lower one: ${layers.slice(0, at).join(", ")}`,
    ),
  };
});

export default tseslint.config(
  { ignores: ["dist", "build", "runs", "data"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      // What throws in an async function is a rejection, and a stream may have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // node:test's describe and it return promises that the runner itself awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", name: ["describe", "it", "test"], package: "node:test" },
          ],
        },
      ],
    },
  },
  ...layerRules,
);

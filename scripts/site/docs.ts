import markdownItMath from "markdown-it-math/temml";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, PageEvent, RendererEvent, type TypeDocOptions } from "typedoc";
import { theme } from "../../src/pictures/theme.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Pages of docs/ in the order of the reader's way; the rest follows by name. */
const order = [
  ...["getting-started", "guide-tables", "guide-pictures", "guide-training", "guide-numbers"],
  ...["guide-exporting", "guide-extending", "scale", "paper", "results", "reproduce"],
  ...["performance", "reliability", "platforms", "decisions", "architecture"],
];

/**
 * Types that signatures name and nobody needs to: schemas of zod, whose types have names of their own,
 * and helpers that stand where they are used.
 */
const unnamed = [
  ...[
    "calibrationSchema",
    "category",
    "classification",
    "classifierEvaluation",
    "couplingTransforms",
    "phases",
    "columnCodec",
    "columnPlan",
  ],
  ...["dataDescriptionSchema", "densityEvaluation", "estimatorSchema", "hybridEvaluation"],
  ...["ffjordConfig", "glowConfig", "iResNetClassifierConfig", "iResNetDensityConfig"],
  ...["iResNetHybridConfig", "madeConfig", "mafConfig", "niceConfig", "realNvpConfig"],
  ...[
    "resNetConfig",
    "residualFlowConfig",
    "planeSchema",
    "preprocessingSchema",
    "reconstructionSchema",
    "splitNames",
  ],
  ...["tableModels", "tablePlanSchema", "textEncodings", "toys", "trainingConfig"],
  ...["Able", "Direction", "Invertible", "Learned", "Node", "Numbers", "Packing", "Pieces"],
  ...[
    "BuiltInConfig",
    "BuiltInOptions",
    "OpAttributes",
    "PictureFit",
    "Place",
    "Prepared",
    "State",
    "Trace",
  ],
];

/** Stands for the address of the site's page. */
const toSite = "site:page";

/** A documentation that was built. */
export interface BuiltDocs {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Builds the documentation as static files: the pages of docs/, equations as MathML, and the reference
 * of the three entry points. Every link is relative, and nothing comes from elsewhere.
 *
 * @param folder replaced
 * @throws {Error} if TypeDoc warns of anything: a link without an end, a type without a name.
 */
export async function buildDocs(folder: string): Promise<BuiltDocs> {
  await rm(folder, { recursive: true, force: true });
  const customCss = join(dirname(folder), "docs.css");
  await mkdir(dirname(folder), { recursive: true });
  await writeFile(customCss, styles());
  const docs = await pagesInOrder();
  const app = await Application.bootstrap({
    name: "iresnet",
    entryPoints: ["index", "node", "web"].map((name) => join(root, "src", `${name}.ts`)),
    tsconfig: join(root, "tsconfig.build.json"),
    basePath: root,
    readme: join(root, "README.md"),
    projectDocuments: docs.map(({ path }) => path),
    intentionallyNotExported: unnamed,
    disableSources: true,
    includeVersion: true,
    hideGenerator: true,
    includeHierarchySummary: false,
    searchInDocuments: true,
    customCss,
    highlightLanguages: ["ts", "js", "sh", "json", "html", "csharp", "java", "python"],
    navigationLinks: { Playground: toSite },
    // Names such as performance.md would become addresses.
    markdownItOptions: { html: true, linkify: false },
    markdownItLoader: useMath,
    logLevel: "Warn",
  } satisfies TypeDocOptions);
  // Addresses come of short names; what a reader sees are titles.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const document of project.documents ?? []) document.name = basename(document.name);
  });
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const document of project.documents ?? []) {
      document.name = docs.find(({ name }) => name === document.name)?.title ?? document.name;
    }
  });
  // TypeDoc leaves links of its header as they are, whatever folder a page is in.
  app.renderer.on(PageEvent.END, (page) => {
    const up = "../".repeat(page.url.split("/").length);
    page.contents = (page.contents ?? "").replaceAll(`href="${toSite}"`, `href="${up}index.html"`);
  });
  const project = await app.convert();
  if (!project) throw new Error("docs: expected code that compiles, got errors; see above");
  app.validate(project);
  await app.generateDocs(project, folder);
  const { errorCount, warningCount } = app.logger;
  if (errorCount + warningCount > 0) {
    throw new Error(`docs: expected no warnings, got ${errorCount + warningCount}; see above`);
  }
  return sizeOf(folder);
}

/** How large a documentation is, as a line to print. */
export function docsText({ files, bytes }: BuiltDocs): string {
  return `documentation: ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`;
}

/** The pages of docs/ with their titles. */
async function pagesInOrder(): Promise<{ name: string; path: string; title: string }[]> {
  const names = (await readdir(join(root, "docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => basename(name, ".md"));
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : Infinity);
  const sorted = names.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  return Promise.all(
    sorted.map(async (name) => {
      const path = join(root, "docs", `${name}.md`);
      const title = /^# (.*)/.exec(await readFile(path, "utf8"))?.[1] ?? name;
      return { name, path, title };
    }),
  );
}

/** The theme in the names that TypeDoc has for colours. */
function styles(): string {
  const colors = (["light", "dark"] as const).flatMap((scheme) => {
    const { paper, surface, ink, muted, rule, accent } = theme[scheme];
    const names = {
      background: paper,
      "background-secondary": surface,
      "background-navbar": surface,
      "background-active": rule,
      accent: rule,
      text: ink,
      "text-aside": muted,
      link: accent,
      "focus-outline": accent,
    };
    return Object.entries(names).map(([name, color]) => `--${scheme}-color-${name}: ${color};`);
  });
  return `:root { ${colors.join(" ")} }
.tsd-typography img { max-width: 100%; height: auto; }
.tsd-typography table { display: block; overflow-x: auto; }
math[display="block"] { margin: 1em 0; overflow-x: auto; }
`;
}

/** Lets `$x$` and `$$x$$` be equations, which become MathML. */
function useMath(parser: { use: (plugin: never, options?: object) => unknown }): void {
  parser.use(markdownItMath as never, {
    inlineDelimiters: ["$"],
    blockDelimiters: ["$$"],
  });
}

async function sizeOf(folder: string): Promise<BuiltDocs> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return { files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

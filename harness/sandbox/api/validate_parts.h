// The rules that validation is put together from: names, labels, numbers, selectors, metadata.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_PARTS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_PARTS_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {

using FieldErrors = std::vector<FieldError>;

std::string Quoted(std::string_view value);
// Empty when the text is one, else what such a name looks like, in Kubernetes' words.
std::string WhyNotDnsLabel(std::string_view text);
std::string WhyNotDnsSubdomain(std::string_view text);
std::string WhyNotDns1035Label(std::string_view text);
std::string WhyNotQualifiedName(std::string_view text);
std::string WhyNotLabelValue(std::string_view text);

// All of these add to `errors`; `at` is the path of the field.
void CheckNotNegative(const Json& object,
                      std::initializer_list<std::string_view> path,
                      FieldErrors& errors);
// A missing value counts as the empty string.
void CheckOneOf(const Json& object,
                std::initializer_list<std::string_view> path,
                std::initializer_list<std::string_view> allowed,
                FieldErrors& errors);
// Nothing when the field is missing.
void CheckOptionalOneOf(const Json& object,
                        std::initializer_list<std::string_view> path,
                        std::initializer_list<std::string_view> allowed,
                        FieldErrors& errors);
void CheckLabels(const Json& labels, const std::string& at, FieldErrors& errors);
void CheckSelector(const Json& selector, const std::string& at, FieldErrors& errors);
// A count or a percentage; more than 100% only when `may_exceed`.
void CheckIntOrPercent(const Json& value,
                       const std::string& at,
                       bool may_exceed,
                       FieldErrors& errors);
// Everything in metadata but the name.
void CheckMetadata(const Json& metadata, const std::string& at, FieldErrors& errors);

// Of a pod and of a template; `at` is "spec" or "spec.template.spec". `claims` are a StatefulSet's
// templates, which become volumes of the same name.
void CheckPodSpec(const Json& spec,
                  const Json& claims,
                  const std::string& at,
                  FieldErrors& errors);
void CheckPodUpdate(const Json& old, const Json& pod, FieldErrors& errors);

// One per group of kinds; each looks only at its own kinds. `old` is null for a new object.
void CheckWorkload(const Json* old, const Json& object, FieldErrors& errors);
void CheckStorage(const Json* old, const Json& object, FieldErrors& errors);
void CheckOthers(const Json* old, const Json& object, FieldErrors& errors);

// `object.spec` without some of its members.
Json SpecWithout(const Json& object, std::initializer_list<const char*> members);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_PARTS_H_

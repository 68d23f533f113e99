// verdicts.json: the verdicts as the machine-readable contract holdfast-verdicts/1.
#ifndef HOLDFAST_REPORTS_JSON_REPORT_H_
#define HOLDFAST_REPORTS_JSON_REPORT_H_

#include <filesystem>
#include <string>

#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::reports {

// Indented by two, with a newline at the end: what `check --json` prints.
std::string RenderVerdicts(const check::Verdicts& verdicts);
// The same, put in place atomically.
Status WriteVerdicts(const std::filesystem::path& path, const check::Verdicts& verdicts);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_JSON_REPORT_H_

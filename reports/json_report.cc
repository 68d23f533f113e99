// verdicts.json: text and file.
#include "reports/json_report.h"

#include "harness/base/files.h"

namespace holdfast::reports {

std::string RenderVerdicts(const check::Verdicts& verdicts) {
  return DumpJson(check::ToJson(verdicts), 2) + "\n";
}

Status WriteVerdicts(const std::filesystem::path& path, const check::Verdicts& verdicts) {
  return WriteFileAtomic(path, RenderVerdicts(verdicts));
}

}  // namespace holdfast::reports

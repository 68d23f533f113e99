// One HTML file that explains a run: verdict, what broke and where it is written, a timeline. No
// script, nothing loaded from elsewhere, light and dark.
#ifndef HOLDFAST_REPORTS_HTML_REPORT_H_
#define HOLDFAST_REPORTS_HTML_REPORT_H_

#include <filesystem>
#include <map>
#include <string>

#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::reports {

// `run` is a run directory or a bare trace. `titles` gives a few words for a guarantee's id.
Result<std::string> RenderHtml(const std::filesystem::path& run,
                               const check::Verdicts& verdicts,
                               const std::map<std::string, std::string>& titles);

// The same, put in place atomically at `file`.
Status WriteHtml(const std::filesystem::path& file,
                 const std::filesystem::path& run,
                 const check::Verdicts& verdicts,
                 const std::map<std::string, std::string>& titles);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_HTML_REPORT_H_

// holdfast report: judge a run directory again and render every report anew.
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "harness/check/check.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/run_reports.h"
#include "harness/cli/vocabulary.h"
#include "harness/trace/run_directory.h"
#include "reports/console_report.h"
#include "reports/html_report.h"
#include "reports/json_report.h"
#include "reports/run_record.h"
#include "reports/summary.h"

namespace holdfast::cli {
namespace {

Status Render(const ReportArguments& arguments, check::Verdicts& verdicts) {
  const trace::RunDirectory directory{arguments.run};
  HOLDFAST_ASSIGN(const Json run, trace::ReadRunJson(directory));
  HOLDFAST_ASSIGN(verdicts, check::CheckPath(directory.root));
  HOLDFAST_ASSIGN(const reports::RunRecord record,
                  reports::ReadRunRecord(directory.root, verdicts));
  std::map<std::string, double> seconds;
  for (const reports::ScenarioSpan& span : record.scenarios)
    seconds[span.name] = span.end - span.begin;
  const std::string junit = arguments.junit.empty() ? directory.JUnit().string() : arguments.junit;
  const std::string html = arguments.html.empty() ? directory.Html().string() : arguments.html;
  HOLDFAST_RETURN_IF_ERROR(reports::WriteVerdicts(directory.Verdicts(), verdicts));
  HOLDFAST_RETURN_IF_ERROR(WriteJUnitOf(junit, run, verdicts, seconds));
  HOLDFAST_RETURN_IF_ERROR(
      reports::WriteHtml(html, directory.root, verdicts, GuaranteeTitles()));
  reports::SummaryOptions options{.color = reports::DetectConsole(STDOUT_FILENO).color};
  options.files = {{"evidence", directory.root.string()}, {"junit", junit}, {"html", html}};
  std::fputs(reports::RenderSummary(verdicts, options).c_str(), stdout);
  return {};
}

}  // namespace

int CommandReport(const ReportArguments& arguments) {
  check::Verdicts verdicts;
  const Status rendered = Render(arguments, verdicts);
  if (!rendered) {
    const bool readable = std::filesystem::exists(trace::RunDirectory{arguments.run}.RunJson());
    const std::string sentence =
        readable ? rendered.error().message
                 : arguments.run + " is no run directory (it has no run.json): " +
                       rendered.error().message;
    return Finish({readable ? 3 : 2, sentence}, true);
  }
  return Finish({verdicts.exit, verdicts.reason});
}

}  // namespace holdfast::cli

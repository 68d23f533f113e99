// holdfast list and explain: what there is, and what it means.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "faults/fault.h"
#include "harness/base/strings.h"
#include "harness/check/guarantee_list.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/vocabulary.h"
#include "harness/sandbox/defects/defects.h"
#include "workloads/workload.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSuiteWidth = 34;

// `width`: of the longest name.
void Row(const std::string& name, const std::string& text, size_t width = 18) {
  std::fputs(fmt::format("{:<{}} {}\n", name, width, text).c_str(), stdout);
}

std::vector<fs::path> SuiteFiles() {
  std::error_code error;
  const fs::path root = SuiteFolder();
  std::vector<fs::path> files;
  if (!fs::is_directory(root, error)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().lexically_normal());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TypeName(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return "text";
    case ParameterType::kInteger:
      return "integer";
    case ParameterType::kBoolean:
      return "true or false";
    case ParameterType::kDuration:
      return "duration";
    case ParameterType::kQuantity:
      return "quantity";
    case ParameterType::kRate:
      return "rate";
  }
  return "";
}

void PrintParameters(const ParameterSchema& schema) {
  std::fputs("parameters\n", stdout);
  for (const Parameter& parameter : schema) {
    std::string text = TypeName(parameter.type) + ": " + parameter.description;
    if (!parameter.allowed.empty()) text += " (" + Join(parameter.allowed, ", ") + ")";
    if (!parameter.fallback.is_null()) text += "; default " + DumpJson(parameter.fallback);
    std::fputs(fmt::format("  {:<24} {}\n", parameter.name, text).c_str(), stdout);
  }
}

void PrintFault(const faults::FaultText& fault) {
  std::fputs(fmt::format("{}  {}\n\nproof    {}\nundo     {}\n\n", fault.name, fault.summary,
                         fault.proof, fault.undo)
                 .c_str(),
             stdout);
  PrintParameters(fault.parameters);
}

void PrintDefect(const sandbox::DefectText& defect) {
  std::fputs(fmt::format("{}  {}\n\ncaught   by {}, as {}\n", defect.name, defect.title,
                         defect.guarantee, defect.verdict)
                 .c_str(),
             stdout);
  if (!defect.follows.empty())
    std::fputs(fmt::format("follows  {}\n", Join(defect.follows, ", ")).c_str(), stdout);
  std::fputs(fmt::format("shown    by holdfast controls --defect {} (suites/controls/{}.yaml)\n",
                         defect.name, defect.suite)
                 .c_str(),
             stdout);
}

}  // namespace

int CommandList(const std::string& what, bool json) {
  if (json && what != "guarantees") {
    return Finish({2, fmt::format("--json lists guarantees only, not '{}'", what)}, true);
  }
  if (what == "suites") {
    for (const fs::path& file : SuiteFiles()) {
      const auto suites = LoadCheckedSuites(file.string(), {});
      for (const suite::Suite& suite : suites.value_or(std::vector<suite::Suite>{}))
        Row(suite.name, file.string(), kSuiteWidth);
      if (!suites) Row("(wrong)", file.string(), kSuiteWidth);
    }
  } else if (what == "workloads") {
    for (const workloads::Workload* workload : workloads::AllWorkloads())
      Row(workload->Name(), workload->Description());
  } else if (what == "faults") {
    for (const faults::Fault* fault : faults::AllFaults())
      Row(fault->Text().name, fault->Text().summary);
  } else if (what == "guarantees") {
    const std::string text =
        json ? DumpJson(check::GuaranteesJson(), 2) + "\n" : check::RenderGuarantees();
    std::fputs(text.c_str(), stdout);
  } else if (what == "defects") {
    for (const sandbox::DefectText& defect : sandbox::AllDefects())
      std::fputs(fmt::format("{:<30} {:<10} {}\n", defect.name, defect.guarantee, defect.title)
                     .c_str(),
                 stdout);
  } else {
    const auto near = Nearest(what, {"suites", "workloads", "faults", "guarantees", "defects"});
    return Finish(
        {2, fmt::format(
                "there is no list of '{}'{}; there are suites, workloads, faults, guarantees and defects",
                what, near ? " (did you mean " + *near + "?)" : "")},
        true);
  }
  return 0;
}

int CommandExplain(const std::string& id) {
  if (const check::GuaranteeText* guarantee = check::FindGuarantee(id)) {
    std::fputs(check::RenderGuarantee(*guarantee).c_str(), stdout);
    return 0;
  }
  if (const faults::Fault* fault = faults::FindFault(id)) {
    PrintFault(fault->Text());
    return 0;
  }
  if (const workloads::Workload* workload = workloads::FindWorkload(id)) {
    std::fputs(fmt::format("{}  {}\n\n", id, workload->Description()).c_str(), stdout);
    PrintParameters(workload->Parameters());
    return 0;
  }
  if (const sandbox::DefectText* defect = sandbox::FindDefect(id)) {
    PrintDefect(*defect);
    return 0;
  }
  std::vector<std::string> names;
  for (const sandbox::DefectText& defect : sandbox::AllDefects())
    names.push_back(defect.name);
  for (const faults::Fault* fault : faults::AllFaults())
    names.push_back(fault->Text().name);
  for (const workloads::Workload* workload : workloads::AllWorkloads())
    names.push_back(workload->Name());
  std::vector<std::string> near = check::NearGuarantees(id);
  if (const auto name = Nearest(id, names)) near.insert(near.begin(), *name);
  return Finish(
      {2, fmt::format("nothing is called '{}'{}; `holdfast list guarantees` shows the ids", id,
                      near.empty() ? "" : " (did you mean " + Join(near, ", ") + "?)")},
      true);
}

}  // namespace holdfast::cli

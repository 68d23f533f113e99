#include "harness/check/verdict.h"

namespace holdfast::check {
namespace {

Json FindingJson(const Finding& finding) {
  Json objects = Json::array();
  for (const ObjectId& object : finding.objects) {
    Json entry = {{"kind", object.kind}, {"name", object.name}};
    if (!object.uid.empty()) entry["uid"] = object.uid;
    objects.push_back(std::move(entry));
  }
  Json evidence = Json::array();
  for (const Evidence& place : finding.evidence)
    evidence.push_back({{"file", place.file}, {"line", place.line}});
  return {{"sentence", finding.sentence},
          {"objects", std::move(objects)},
          {"evidence", std::move(evidence)},
          {"during", finding.during}};
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kNotApplicable:
      return "not-applicable";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kFail:
      return "fail";
  }
  return "unknown";
}

Json ToJson(const Verdicts& verdicts) {
  Json checks = Json::array();
  for (const CheckResult& check : verdicts.checks) {
    Json findings = Json::array();
    for (const Finding& finding : check.findings)
      findings.push_back(FindingJson(finding));
    Json entry = {{"id", check.id},
                  {"scenario", check.scenario},
                  {"verdict", ToString(check.verdict)},
                  {"reason", check.reason},
                  {"findings", std::move(findings)}};
    if (!check.measures.is_null()) entry["measures"] = check.measures;
    if (check.accepted) entry["accepted"] = true;
    checks.push_back(std::move(entry));
  }
  return {{"format", "holdfast-verdicts/1"},
          {"verdict", ToString(verdicts.verdict)},
          {"exit", verdicts.exit},
          {"reason", verdicts.reason},
          {"checks", std::move(checks)}};
}

}  // namespace holdfast::check

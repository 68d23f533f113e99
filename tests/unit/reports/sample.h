// Verdicts with one of everything, for the tests of reports.
#ifndef HOLDFAST_TESTS_UNIT_REPORTS_SAMPLE_H_
#define HOLDFAST_TESTS_UNIT_REPORTS_SAMPLE_H_

#include "harness/check/verdict.h"

namespace holdfast::reports {

inline check::Verdicts SampleVerdicts() {
  using check::Verdict;
  check::Finding order{"pg-1 was created at 12.300 s while pg-0 was not ready",
                       {{"Pod", "pg-1", "u-1"}, {"Pod", "pg-0", ""}},
                       {{"trace.jsonl", 8}, {"trace.jsonl", 9}},
                       "fault 1 (pod-delete pg-0)"};
  check::Finding many{"eight rows were lost", {}, {}, ""};
  for (int line = 1; line <= 8; ++line)
    many.evidence.push_back({"history.jsonl", line});
  check::Verdicts verdicts;
  verdicts.verdict = Verdict::kFail;
  verdicts.exit = 1;
  verdicts.reason = "SS-ORD-2 was broken in pod-delete: pg-1 was created before pg-0 was ready";
  verdicts.checks = {
      {"SS-ID-1", "pod-delete", Verdict::kPass, "3 pods kept their names", {}, false},
      {"SS-ORD-2",
       "pod-delete",
       Verdict::kFail,
       "pg-1 was created before pg-0 was ready",
       {order},
       false},
      {"SS-DATA-1",
       "pod-delete",
       Verdict::kUnknown,
       "only 12 of at least 100 writes were acknowledged",
       {},
       false},
      {"SS-UPD-1", "pod-delete", Verdict::kNotApplicable, "no update happened", {}, false},
      {"SS-ID-1", "scale-cycle", Verdict::kPass, "3 pods kept their names", {}, false},
      {"SS-DATA-1", "scale-cycle", Verdict::kFail, "8 acknowledged rows were lost", {many}, true},
  };
  return verdicts;
}

inline Json SampleRun() {
  return Json{{"format", "holdfast-run/1"},
              {"holdfast", "0.1.0"},
              {"run", "k3f9a"},
              {"seed", 7},
              {"started", "2026-01-02T03:04:05.678Z"},
              {"suite", {{"name", "smoke"}, {"sha256", "abc"}}},
              {"workload", {{"name", "postgres"}}},
              {"cluster", {{"kind", "sandbox"}, {"version", "v1.36.2"}, {"uid", "c-1"}}},
              {"scenarios",
               {{{"name", "pod-delete"}, {"steps", {"pod-delete(pod=pg-0)", "settle"}}},
                {{"name", "scale-cycle"}, {"steps", {"scale(to=1)"}}},
                {{"name", "never-reached"}, {"steps", {"settle"}}}}}};
}

}  // namespace holdfast::reports

#endif  // HOLDFAST_TESTS_UNIT_REPORTS_SAMPLE_H_

// HX-RECOVERY: how long clients went without an answer, of the service and of each node, how each pod
// that was deleted came back and how long each phase of that took, against the limits of the suite.
#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/client_rules.h"
#include "harness/check/finals.h"
#include "harness/check/history/explain.h"
#include "harness/check/history/recovery.h"
#include "harness/check/returns.h"

namespace holdfast::check {
namespace {

double SecondsOf(int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

// The limit in nanoseconds, or nullopt when the suite sets none.
std::optional<int64_t> LimitOf(const Window& window, const std::string& name) {
  const std::string text = GetString(window.plan, {"limits", name});
  if (text.empty()) return std::nullopt;
  const auto limit = ParseDuration(text);
  if (!limit) return std::nullopt;
  return limit->count();
}

std::string OutageText(const history::History& record, const history::Availability& entry) {
  const history::Outage& outage = entry.longest;
  return fmt::format("the longest time without {} of {} was {:.3f} s ({:.3f} s to {:.3f} s{})",
                     entry.writes ? "an acknowledged write" : "a read",
                     entry.node == history::kNil ? "the service" : record.nodes.Show(entry.node),
                     SecondsOf(outage.length()), SecondsOf(outage.from), SecondsOf(outage.to),
                     outage.ended ? "" : ", and it did not end");
}

Json OutageMeasure(const history::History& record, const history::Availability& entry) {
  Json measure = {{"of", entry.node == history::kNil ? "service" : record.nodes.Show(entry.node)},
                  {"kind", entry.writes ? "write" : "read"},
                  {"longest", SecondsOf(entry.longest.length())},
                  {"unavailable", SecondsOf(entry.unavailable)},
                  {"attempted", entry.attempted},
                  {"acknowledged", entry.acknowledged},
                  {"ended", entry.longest.ended}};
  if (entry.longest.length() > 0) {
    measure["from"] = SecondsOf(entry.longest.from);
    measure["to"] = SecondsOf(entry.longest.to);
  }
  return measure;
}

std::string PhasesText(const Return& entry) {
  std::string text;
  for (const auto& [phase, seconds] : entry.Phases())
    text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", phase, seconds);
  return text;
}

class Outages {
 public:
  Outages(const Context& context, const Window& window)
      : context_(context), window_(window), judge_(context, window, "HX-RECOVERY") {}

  CheckResult Run() {
    if (const auto excuse = DataExcuse(context_, window_)) return judge_.NotApplicable(*excuse);
    if (context_.clients == nullptr) {
      judge_.Undecided(context_.history_file + " is not there or cannot be read");
      return judge_.Conclude("", "");
    }
    for (const history::Availability& entry : history::MeasureAvailability(
             context_.clients->record, static_cast<int64_t>(window_.t0 * 1e9), static_cast<int64_t>(window_.t1 * 1e9)))
      JudgeOutage(entry);
    for (const Return& entry : FindReturns(context_, window_))
      JudgeReturn(entry);
    CheckResult result = Conclude();
    result.measures = {{"outages", std::move(outages_)}, {"returns", std::move(returns_)}};
    return result;
  }

 private:
  CheckResult Conclude() {
    const history::History& record = context_.clients->record;
    if (told_.empty()) return judge_.NotApplicable("no client did anything in this scenario");
    if (!limited_) return judge_.NotApplicable("no limit is set; " + told_);
    if (record.problem_count > 0)
      judge_.Undecided(fmt::format("{} is damaged at line {}: {}", context_.history_file,
                                   record.problems.front().line, record.problems.front().sentence));
    return judge_.Conclude(told_, "");
  }

  void Tell(const std::string& text) { told_ += (told_.empty() ? "" : "; ") + text; }

  void JudgeOutage(const history::Availability& entry) {
    const history::History& record = context_.clients->record;
    const bool service = entry.node == history::kNil;
    const std::string text = OutageText(record, entry);
    outages_.push_back(OutageMeasure(record, entry));
    // In the reason the service stands for all; the nodes are told by the measures.
    if (service) Tell(text);
    const auto limit = LimitOf(window_, fmt::format("{}{}-outage", service ? "" : "node-",
                                                    entry.writes ? "write" : "read"));
    if (!limit) return;
    limited_ = true;
    judge_.Saw(entry.attempted);
    if (entry.longest.length() <= *limit) return;
    Finding finding;
    finding.sentence = fmt::format("{}; the limit is {:.3f} s", text, SecondsOf(*limit));
    finding.during = context_.During(SecondsOf(entry.longest.from));
    std::vector<int64_t> lines;
    for (const uint32_t op : {entry.longest.before, entry.longest.after})
      if (op != history::kNone) history::AddLines(record, op, lines);
    for (const int64_t line : lines)
      finding.evidence.push_back({.file = context_.history_file, .line = line});
    judge_.Broken(std::move(finding));
  }

  void JudgeReturn(const Return& entry) {
    const std::string& pod = entry.lost->name;
    const bool asked = ClientsAsked(context_, window_, pod);
    const std::optional<double> whole = entry.Whole(asked);
    const std::string phases = PhasesText(entry);
    const char* what = asked ? "answered clients again" : "was Ready again";
    const std::string text =
        whole ? fmt::format("pod {} {} after {:.3f} s ({})", pod, what, *whole, phases)
              : fmt::format("pod {} was deleted at {} and not seen to have {} ({})", pod,
                            Seconds(entry.terminating), asked ? "answered clients again" : "been Ready again",
                            phases);
    Tell(text);
    Json measure = {{"pod", pod}, {"uid", entry.lost->uid}, {"from", entry.begin()}, {"phases", Json::object()}};
    if (entry.next != nullptr) measure["successor"] = entry.next->uid;
    if (whole) measure["seconds"] = *whole;
    for (const auto& [phase, seconds] : entry.Phases())
      measure["phases"][phase] = seconds;
    returns_.push_back(std::move(measure));
    Limit("recovery", whole, entry, text);
    // Only of what told a position: a primary catches up with nobody.
    if (entry.caught_up) Limit("catch-up", *entry.caught_up - *entry.ready, entry, text);
  }

  void Limit(const char* name, std::optional<double> seconds, const Return& entry, const std::string& text) {
    const auto limit = LimitOf(window_, name);
    if (!limit) return;
    limited_ = true;
    judge_.Saw();
    // What has not ended when the scenario does was beyond the limit only when it had that long.
    const double least = seconds.value_or(window_.t1 - entry.begin());
    if (least <= SecondsOf(*limit)) {
      if (!seconds) judge_.Undecided(text + ", and the scenario ended within the limit");
      return;
    }
    std::vector<ObjectId> objects{PodId(*entry.lost)};
    std::vector<int64_t> lines{entry.lost->term->line};
    if (entry.next != nullptr) {
      objects.push_back(PodId(*entry.next));
      lines.push_back(entry.next->first().line);
    }
    judge_.Broken(entry.terminating,
                  fmt::format("{}; the limit of {} is {:.3f} s", text, name, SecondsOf(*limit)), std::move(objects), lines);
  }

  const Context& context_;
  const Window& window_;
  Judgement judge_;
  std::string told_;
  bool limited_ = false;
  Json outages_ = Json::array();
  Json returns_ = Json::array();
};

}  // namespace

CheckResult JudgeOutages(const Context& context, const Window& window) { return Outages(context, window).Run(); }

}  // namespace holdfast::check

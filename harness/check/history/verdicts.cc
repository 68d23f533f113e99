#include "harness/check/history/verdicts.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/history/explain.h"
#include "harness/check/history/session.h"
#include "harness/check/history/sets.h"
#include "harness/check/history/torn.h"

namespace holdfast::check::history {
namespace {

std::string Count(int64_t number, const char* what) {
  return fmt::format("{} {}{}", WithThousands(number), what, number == 1 ? "" : "s");
}

class Judge {
 public:
  Judge(const History& history, const JudgeOptions& options, std::string file)
      : history_(history), options_(options), file_(std::move(file)) {}

  std::vector<Judged> Run() {
    for (const char* id : kHistoryIds) {
      Judged judged;
      judged.result.id = id;
      judged.result.verdict = Verdict::kNotApplicable;
      judged.result.reason = "the history holds no such operations";
      judged_.push_back(std::move(judged));
    }
    const bool any = options_.model == Model::kUnknown;
    bool registers = false;
    if ((any || options_.model == Model::kRegister || options_.model == Model::kKv) &&
        (Has(Kind::kRead) || Has(Kind::kWrite) || Has(Kind::kCas) || Has(Kind::kAppend))) {
      registers = true;
      JudgeRegisters();
    }
    if (options_.sets && (any || options_.model == Model::kSet) && (Has(Kind::kAdd) || Has(Kind::kReadSet)))
      JudgeSets();
    JudgeSessions(registers);
    if (((any || options_.model == Model::kRegister) && Has(Kind::kRead)) ||
        (options_.sets && (any || options_.model == Model::kSet) && Has(Kind::kReadSet)))
      JudgeTorn();
    if ((any || options_.model == Model::kListAppend) && Has(Kind::kTransaction))
      JudgeTransactions();
    if (options_.sets && std::all_of(judged_.begin(), judged_.end(), [](const Judged& judged) {
          return judged.result.verdict == Verdict::kNotApplicable;
        }))
      NothingJudged();
    return std::move(judged_);
  }

 private:
  [[nodiscard]] bool Has(Kind kind) const {
    return (history_.functions & (1U << static_cast<unsigned>(kind))) != 0;
  }

  // A history of which nothing was judged is not right.
  void NothingJudged() {
    CheckResult& result = judged_.front().result;
    result.verdict = Verdict::kUnknown;
    if (history_.problem_count > 0) {
      result.reason = fmt::format("{} is damaged or contradicts itself at line {}: {}", file_,
                                  history_.problems.front().line, history_.problems.front().sentence);
      return;
    }
    result.reason = history_.ignored > 0
                        ? fmt::format("no model knows the function '{}'", history_.ignored_function)
                        : "the history holds nothing that was asked for";
  }

  Judged& Of(std::string_view id) {
    return *std::find_if(judged_.begin(), judged_.end(),
                         [&](const Judged& judged) { return judged.result.id == id; });
  }

  void Broken(Judged& judged, const std::string& sentence, const std::vector<int64_t>& lines,
              int64_t time) {
    Finding finding;
    finding.sentence = sentence;
    for (const int64_t line : lines)
      finding.evidence.push_back({.file = file_, .line = line});
    judged.result.findings.push_back(std::move(finding));
    judged.times.push_back(time);
  }

  // A value that nobody wrote, or a state that no order gives: a damaged line may have held the write.
  static bool RestsOnWholeness(Violation::Type type) {
    switch (type) {
      case Violation::Type::kPhantom:
      case Violation::Type::kNoOrder:
      case Violation::Type::kWrongState:
      case Violation::Type::kWrongOrigin:
      case Violation::Type::kHole:
      case Violation::Type::kVersion:
        return true;
      default:
        return false;
    }
  }
  [[nodiscard]] std::string Doubt(const std::string& sentence) const {
    return fmt::format("{}; but {} is damaged at line {} ({}), which may have told what is missing", sentence,
                       file_, history_.problems.front().line, history_.problems.front().sentence);
  }

  // `more` counts findings that are not told.
  void Conclude(Judged& judged, int64_t more, const std::string& undecided, std::string seen) {
    CheckResult& result = judged.result;
    if (!result.findings.empty()) {
      result.verdict = Verdict::kFail;
      result.reason = result.findings.front().sentence;
      more += static_cast<int64_t>(result.findings.size()) - 1;
      if (more > 0) result.reason += fmt::format("; and {} more", more);
    } else if (!undecided.empty()) {
      result.verdict = Verdict::kUnknown;
      result.reason = undecided;
    } else if (history_.problem_count > 0) {
      const Problem& problem = history_.problems.front();
      result.verdict = Verdict::kUnknown;
      result.reason = fmt::format("{} is damaged or contradicts itself at line {}: {}", file_,
                                  problem.line, problem.sentence);
      if (history_.problem_count > 1)
        result.reason += fmt::format("; and {} more", history_.problem_count - 1);
    } else if (history_.ignored > 0) {
      result.verdict = Verdict::kUnknown;
      result.reason =
          fmt::format("{} of functions that no model knows ('{}') were not judged",
                      Count(history_.ignored, "operation"), history_.ignored_function);
    } else {
      result.verdict = Verdict::kPass;
      result.reason = std::move(seen);
    }
  }

  void JudgeRegisters() {
    RegisterOptions registers = options_.registers;
    registers.starts_empty = registers.starts_empty || options_.model == Model::kKv;
    const RegisterReport report = CheckRegisters(history_, registers);
    Judged& judged = Of("HX-LINEARIZABLE");
    std::string undecided;
    int64_t doubtful = 0;
    for (const KeyViolation& found : report.violations) {
      const Explanation told = Explain(history_, found);
      if (history_.problem_count > 0 && RestsOnWholeness(found.violation.type)) {
        if (doubtful++ == 0) undecided = Doubt(told.sentence);
        continue;
      }
      Broken(judged, told.sentence, told.lines, told.time);
    }
    if (!report.undecided.empty() && undecided.empty()) {
      undecided = report.undecided.front();
      if (report.undecided_keys > 1)
        undecided += fmt::format("; and {} keys more", report.undecided_keys - 1);
    }
    std::string engines;
    const auto engine = [&](const std::string& what) { engines += (engines.empty() ? "" : ", ") + what; };
    if (report.by_zones > 0) engine(Count(report.by_zones, "key") + " by zones");
    if (report.by_search > 0)
      engine(fmt::format("{} by search in {}, at most {} at once", Count(report.by_search, "key"),
                         Count(static_cast<int64_t>(report.steps), "step"), report.peak));
    if (report.replayed > 0)
      engine(Count(report.replayed, "operation") + " replayed by revision");
    const std::string coverage =
        fmt::format("{} on {}, {} of unknown outcome ({} seen by nobody); {}",
                    Count(report.operations, "operation"), Count(report.keys, "key"),
                    report.crashed, report.unobserved, engines);
    if (report.operations == 0) {
      judged.result.reason = "no operation on a register was answered";
    } else {
      if (report.operations == report.crashed && undecided.empty())
        undecided = fmt::format("no operation on a register was answered: {} of unknown outcome decide nothing",
                                Count(report.crashed, "operation"));
      Conclude(judged, report.violated_keys - static_cast<int64_t>(report.violations.size()),
               undecided, coverage + ": linearizable");
      if (judged.result.verdict == Verdict::kFail) {
        // The operations of a counterexample are told by the finding.
        std::string& reason = judged.result.reason;
        for (const char* rest : {"; these ", "; this operation alone", "; the last writes of it"})
          if (const size_t at = reason.find(rest); at != std::string::npos) reason.resize(at);
        reason += " [" + coverage + "]";
      }
    }
  }

  // By revisions, and of sets by their elements: in them nothing that one client saw goes away again.
  void JudgeSessions(bool registers) {
    Judged& session = Of("HX-SESSION");
    const SessionReport sessions = registers ? CheckSessions(history_) : SessionReport();
    const int64_t again = sets_ ? sets_->again : 0;
    // Of a run it is known which member restarted, and may be behind what it had applied: not here.
    const bool replicas = options_.sets && !sessions.replicas.empty();
    if (sessions.operations == 0 && again == 0 && !replicas) {
      if (registers) session.result.reason = "no answer tells at which revision it was made";
      return;
    }
    for (const SessionFinding& found : sessions.findings) {
      std::vector<int64_t> lines;
      AddLines(history_, found.earlier, lines);
      AddLines(history_, found.later, lines);
      Broken(session, WentBack(found), lines, history_.ops[found.later].finish);
    }
    int64_t more = sessions.count - static_cast<int64_t>(sessions.findings.size());
    if (sets_) {
      for (const SetFinding& found : sets_->findings) {
        if (found.type != SetFinding::Type::kBackwards) continue;
        --more;
        std::vector<int64_t> lines;
        AddLines(history_, found.before, lines);
        AddLines(history_, found.read, lines);
        Broken(session, SetSentence(found), lines, history_.ops[found.read].finish);
      }
      more += sets_->counts[static_cast<size_t>(SetFinding::Type::kBackwards)];
    }
    std::string seen;
    if (sessions.operations > 0)
      seen = fmt::format("{} in {}; no client went back to an older revision",
                         Count(sessions.operations, "operation"), Count(sessions.sessions, "session"));
    if (again > 0)
      seen += fmt::format("{}{} of sets by clients that had read them before; what they had seen was there",
                          seen.empty() ? "" : "; ", Count(again, "read"));
    Conclude(session, more,
             replicas ? "a replica went back, which is no promise of a session, but nothing says why: " +
                            WentBack(sessions.replicas.front())
                      : "",
             std::move(seen));
  }

  [[nodiscard]] std::string WentBack(const SessionFinding& found) const {
    return fmt::format("{} answered revision {}, older than revision {} that the same client had "
                       "seen before: {}",
                       Describe(history_, found.later), found.later_revision, found.earlier_revision,
                       Describe(history_, found.earlier));
  }

  void JudgeSets() {
    sets_ = CheckSets(history_);
    const SetReport& report = *sets_;
    const std::string seen =
        fmt::format("{} ({} acknowledged, {} of unknown outcome and present), {} whole and {} of a part",
                    Count(report.elements, "element"), report.acknowledged, report.recovered,
                    Count(report.reads, "read"), report.partial);
    const bool no_reads = report.reads == 0;
    const std::string unread =
        no_reads ? "no whole read was answered"
        : report.never_read > 0
            ? fmt::format("{} were acknowledged after the last whole read began", report.never_read)
            : "";
    ConcludeSet("HX-LOST", SetFinding::Type::kLost, report, unread, seen + ": none was lost");
    const std::string none = no_reads && report.partial == 0 ? unread : "";
    ConcludeSet("HX-RESURRECTED", SetFinding::Type::kResurrected, report, none,
                seen + ": none of a refused add");
    ConcludeSet("HX-DUPLICATED", SetFinding::Type::kDuplicated, report, none,
                seen + ": none twice in a read");
    ConcludeSet("HX-PHANTOM", SetFinding::Type::kPhantom, report, none,
                seen + ": each one was attempted");
    if (options_.fresh_reads) {
      ConcludeSet("HX-STALE", SetFinding::Type::kStale, report, no_reads ? unread : "",
                  seen + ": no read missed what was acknowledged before it began");
    } else {
      Of("HX-STALE").result.reason = "fresh reads were not promised";
    }
  }

  void ConcludeSet(const char* id, SetFinding::Type type, const SetReport& report,
                   std::string undecided, std::string seen) {
    Judged& judged = Of(id);
    for (const SetFinding& found : report.findings) {
      if (found.type != type) continue;
      if (type == SetFinding::Type::kPhantom && history_.problem_count > 0) {
        if (undecided.empty()) undecided = Doubt(SetSentence(found));
        continue;
      }
      std::vector<int64_t> lines;
      AddLines(history_, found.add, lines);
      AddLines(history_, found.read, lines);
      Broken(judged, SetSentence(found), lines, history_.ops[found.read].finish);
    }
    const int64_t more = report.counts[static_cast<size_t>(type)] -
                         static_cast<int64_t>(judged.result.findings.size());
    Conclude(judged, more, undecided, std::move(seen));
  }

  [[nodiscard]] std::string SetSentence(const SetFinding& found) const {
    const std::string value = history_.values.Show(found.value);
    const std::string read = Describe(history_, found.read);
    const std::string add = found.add == kNone ? "" : Describe(history_, found.add);
    switch (found.type) {
      case SetFinding::Type::kLost:
        return fmt::format("{} is lost: {}, yet {} does not show it, nor does any later read", value,
                           add, read);
      case SetFinding::Type::kStale:
        return fmt::format("{} was missing for a time: {}, yet {} does not show it, and a later read does",
                           value, add, read);
      case SetFinding::Type::kDuplicated:
        return fmt::format("{} is {} times in {}", value, found.times, read);
      case SetFinding::Type::kPhantom:
        if (found.add != kNone)
          return fmt::format("{} is in {}, which had ended before it was first added: {}", value, read, add);
        return fmt::format("{} is in {}, but nobody added it", value, read);
      case SetFinding::Type::kBackwards:
        return fmt::format("{} was missing for a time: {} does not show it, although the same client had seen it before: {}",
                           value, read, Describe(history_, found.before));
      case SetFinding::Type::kResurrected:
        return fmt::format("{} is in {}, but its add was refused: {}", value, read, add);
    }
    return {};
  }

  void JudgeTorn() {
    Judged& judged = Of("HX-TORN");
    if (Has(Kind::kAppend)) {
      judged.result.reason = "texts are lengthened, so that every value is a part of a later one";
      return;
    }
    const TornReport report = FindTorn(history_);
    if (report.reads == 0) {
      judged.result.reason = "no read was answered";
      return;
    }
    std::string undecided;
    for (const TornFinding& found : report.findings) {
      std::vector<int64_t> lines;
      for (const uint32_t op : {found.first, found.second, found.read})
        AddLines(history_, op, lines);
      const std::string read = Describe(history_, found.read);
      const std::string value = history_.values.Show(found.value);
      const std::string first = Describe(history_, found.first);
      const std::string sentence =
          found.second == kNone
              ? fmt::format("{} is a part of another value, which nobody wrote by itself: {} shows it; {}",
                            value, read, first)
              : fmt::format("{} mixes two values, and nobody wrote it: {} shows it; it begins as {} and "
                            "ends as {}",
                            value, read, first, Describe(history_, found.second));
      if (history_.problem_count > 0) {
        if (undecided.empty()) undecided = Doubt(sentence);
        continue;
      }
      Broken(judged, sentence, lines, history_.ops[found.read].finish);
    }
    Conclude(judged, report.count - static_cast<int64_t>(report.findings.size()), undecided,
             fmt::format("{}: no value is a part of another one, or a mixture of two",
                         Count(report.reads, "read")));
  }

  void JudgeTransactions() {
    const Level promised = options_.isolation
                               ? *options_.isolation
                               : ParseLevel(history_.isolation).value_or(Level::kStrict);
    static constexpr std::pair<const char*, Level> kLevels[] = {
        {"HX-READ-COMMITTED", Level::kReadCommitted},
        {"HX-SNAPSHOT", Level::kSnapshot},
        {"HX-SERIALIZABLE", Level::kSerializable},
        {"HX-STRICT", Level::kStrict}};
    const ListAppendReport report = CheckListAppend(history_, promised == Level::kStrict);
    const std::string registers =
        history_.registers_in_txns
            ? "transactions on registers are judged only by their revisions, not by their dependencies"
            : "";
    const std::string seen = fmt::format(
        "{} on {} ({} of unknown outcome, {} acknowledged appends never read), {} dependencies",
        Count(report.transactions, "transaction"), Count(report.keys, "key"), report.crashed,
        report.unread, WithThousands(static_cast<int64_t>(report.edges)));
    const char* broken = nullptr;
    for (const auto& [id, level] : kLevels) {
      Judged& judged = Of(id);
      if (level > promised) {
        judged.result.reason = "this level of isolation was not promised";
        continue;
      }
      int64_t told = 0;
      std::string doubt;
      for (const Anomaly& anomaly : report.anomalies) {
        if (anomaly.broken != level) continue;
        if ((anomaly.name == "garbage read" || anomaly.name == "future read") && history_.problem_count > 0) {
          if (doubt.empty()) doubt = Doubt(anomaly.sentence);
          continue;
        }
        Broken(judged, anomaly.sentence, anomaly.lines, anomaly.time);
        ++told;
      }
      if (told == 0 && broken != nullptr) {
        judged.result.reason = fmt::format("{} is broken already, see there", broken);
        continue;
      }
      const bool open = report.given_up && level >= *report.given_up;
      Conclude(judged, 0,
               !doubt.empty() ? doubt : open ? "the search for cycles ended at its limit" : registers,
               seen + ": no anomaly of this level");
      if (judged.result.verdict == Verdict::kFail) broken = id;
    }
  }

  const History& history_;
  const JudgeOptions& options_;
  std::string file_;
  std::vector<Judged> judged_;
  std::optional<SetReport> sets_;  // When sets were judged.
};

}  // namespace

std::optional<Level> ParseLevel(std::string_view name) {
  if (name == "read-committed") return Level::kReadCommitted;
  if (name == "snapshot" || name == "snapshot-isolation" || name == "repeatable-read")
    return Level::kSnapshot;
  if (name == "serializable") return Level::kSerializable;
  if (name == "strict" || name == "strict-serializable") return Level::kStrict;
  return std::nullopt;
}

std::vector<Judged> JudgeHistory(const History& history,
                                 const JudgeOptions& options,
                                 const std::string& file) {
  return Judge(history, options, file).Run();
}

}  // namespace holdfast::check::history

// Builds small records (traces, histories, run directories) as text, for the tests of the judge.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_RECORD_BUILDER_H_
#define HOLDFAST_TESTS_UNIT_CHECK_RECORD_BUILDER_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/check/check.h"

namespace holdfast::check {

using Edit = std::function<void(Json& object)>;

// A trace of the StatefulSet pg in namespace ns, with one claim template "data".
class TraceText {
 public:
  explicit TraceText(const std::string& kind = "StatefulSet");
  TraceText& Wait(double seconds);
  TraceText& Line(Json fields);  // Adds t.
  // From here on the resource is watched; those of the constructor are so from the start.
  TraceText& Open(const std::string& resource);
  TraceText& Watch(const std::string& resource, const std::string& type, const Json& object);
  // The set with so many replicas; `edit` may change anything else.
  TraceText& Set(int replicas, const Edit& edit = {});
  // Changes the set without counting its generation: a write of the status.
  TraceText& Status(const Edit& edit);
  TraceText& SetDeleted();
  // A ControllerRevision of the set; its template has the one container "main" with that image.
  TraceText& Revision(const std::string& hash, int number, const std::string& image = "db:1");
  // A node, a budget over all pods, an endpoint slice of service pg, or any other object; the first
  // time it is ADDED, then MODIFIED.
  TraceText& Node(const std::string& name, const std::string& ready, const Edit& edit = {});
  TraceText& Budget(int allowed, int current, int desired, const Edit& edit = {});
  TraceText& Object(const std::string& resource, const std::string& name, const Edit& edit);
  TraceText& ObjectGone(const std::string& resource, const std::string& name);
  // Claim, volume and pod of an ordinal; the pod is Pending.
  TraceText& Create(int ordinal, const std::string& uid, const Edit& edit = {});
  TraceText& Ready(int ordinal, bool ready = true);
  TraceText& Up(int ordinal, const std::string& uid, const Edit& edit = {});
  TraceText& Terminate(int ordinal, int grace = 30);
  TraceText& Gone(int ordinal);
  TraceText& Change(int ordinal, const Edit& edit);  // MODIFIED
  TraceText& Claim(const std::string& type, const std::string& name, const Edit& edit = {});
  TraceText& Action(const std::string& verb,
                    const std::string& resource,
                    const std::string& name,
                    const std::string& uid = "",
                    bool force = false);
  // An action with any fields, and its answer.
  TraceText& Act(const Json& action, const Json& answer);
  TraceText& Scenario(const std::string& name, const std::string& phase);
  TraceText& Probe(int ordinal, const Json& fields);
  TraceText& End();
  // Removes the newest line.
  TraceText& Unsay();

  [[nodiscard]] double t() const { return t_; }
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] std::vector<std::string>& lines() { return lines_; }
  [[nodiscard]] const Json& pod(int ordinal) { return pods_[ordinal]; }

 private:
  [[nodiscard]] std::string Stamp(double after = 0) const;
  std::vector<std::string> lines_;
  std::map<int, Json> pods_;
  std::map<std::string, Json> claims_;
  std::map<std::string, Json> objects_;  // By resource and name.
  Json set_;
  double t_ = 0;
  int version_ = 100;
  int actions_ = 0;
};

// Three pods created in order and Ready.
TraceText Healthy(int replicas = 3);

// A value of run 7.
int64_t Value(int writer, int64_t sequence, int run = 7);

// A history; times are seconds.
class HistoryText {
 public:
  HistoryText();
  HistoryText& Event(double time, const Json& fields);  // Adds index and time.
  // An add of 1 ms; `type` ok, fail or info.
  HistoryText& Add(double time, int writer, int64_t sequence, const std::string& type = "ok");
  // An add of unknown outcome that a node was asked for.
  HistoryText& Cut(double time, int writer, int64_t sequence, const std::string& node);
  HistoryText& Read(double time,
                    const std::string& node,
                    int writer,
                    const std::vector<int64_t>& values,
                    const Json& extra = Json::object());
  HistoryText& Final(double time,
                     const std::string& scenario,
                     const std::string& node,
                     int writer,
                     const std::vector<int64_t>& values,
                     const Json& extra = Json::object());
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::string> lines_;
  int index_ = 0;
  int reader_ = 1000;
};

// run.json of one scenario "s1" with one fault.
Json RunJson();

Verdicts CheckTrace(const std::string& text);
Verdicts CheckRun(const Json& run, const std::string& trace, const std::string& history);
// The result of a guarantee; a kUnknown one with an empty id when there is none.
CheckResult Find(const Verdicts& verdicts, const std::string& id, const std::string& scenario);
// "pass", ..., of a bare trace.
std::string Of(const TraceText& trace, const std::string& id);

}  // namespace holdfast::check

#endif  // HOLDFAST_TESTS_UNIT_CHECK_RECORD_BUILDER_H_

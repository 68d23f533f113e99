#include "tests/benchmark/trace_checking/trace_generator.h"

#include <map>
#include <string>

#include <fmt/format.h>

#include "harness/base/random.h"
#include "harness/base/time_format.h"

namespace holdfast::benchmark {
namespace {

constexpr int64_t kWall = 1'800'000'000;  // Seconds since the epoch at t = 0.

class Generator {
 public:
  Generator(const TraceSize& size, std::ostream& out)
      : size_(size),
        out_(out),
        random_(size.seed),
        ballast_(static_cast<size_t>(size.ballast), 'x') {}
  int64_t Run();

 private:
  struct Pod {
    int64_t life = 0;
    std::string created;
    int restarts = 0;
    bool ready = false;
    std::string ready_since;
  };
  [[nodiscard]] std::string Stamp(double after = 0) const {
    return FormatRfc3339(Nanos((kWall + static_cast<int64_t>(t_ + after)) * 1'000'000'000));
  }
  void Line(const std::string& rest) {
    t_ += 0.001;
    out_ << fmt::format(R"({{"t":{:.6f},)", t_) << rest << "}\n";
  }
  void Watch(const char* resource, const char* type, const std::string& object) {
    ++events_;
    Line(fmt::format(R"("kind":"watch","resource":"{}","event":{{"type":"{}","object":{}}})",
                     resource, type, object));
  }
  std::string Meta(const std::string& name, const std::string& uid, const std::string& created) {
    return fmt::format(
        R"("name":"{}","namespace":"ns","uid":"{}","resourceVersion":"{}","creationTimestamp":"{}")",
        name, uid, ++version_, created);
  }
  void Set(const char* type);
  void Claim(int ordinal);
  void PodEvent(int ordinal, const char* type, const char* phase, bool ready, bool ending);
  void Up(int ordinal);
  void Kill(int ordinal);
  void Chatter(int ordinal);

  const TraceSize& size_;
  std::ostream& out_;
  Random random_;
  std::string ballast_;
  std::map<int, Pod> pods_;
  double t_ = 0;
  int64_t version_ = 100;
  int64_t events_ = 0;
  int64_t lives_ = 0;
  int64_t actions_ = 0;
};

constexpr const char* kOwner =
    R"("ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"pg","uid":"set","controller":true,"blockOwnerDeletion":true}])";

void Generator::Set(const char* type) {
  Watch("statefulsets", type,
        fmt::format(R"({{"metadata":{{{},"generation":1}},"spec":{{"replicas":{},"serviceName":"pg",)"
                    R"("podManagementPolicy":"OrderedReady","selector":{{"matchLabels":{{"app":"pg"}}}},)"
                    R"("updateStrategy":{{"type":"RollingUpdate","rollingUpdate":{{"partition":0}}}},)"
                    R"("volumeClaimTemplates":[{{"metadata":{{"name":"data"}}}}]}},)"
                    R"("status":{{"observedGeneration":1,"replicas":{},"readyReplicas":{},)"
                    R"("currentReplicas":{},"updatedReplicas":{},"currentRevision":"pg-1a",)"
                    R"("updateRevision":"pg-1a"}}}})",
                    Meta("pg", "set", Stamp(-t_)), size_.replicas, pods_.size(), pods_.size(),
                    pods_.size(), pods_.size()));
}

void Generator::Claim(int ordinal) {
  const std::string name = fmt::format("data-pg-{}", ordinal);
  Watch("persistentvolumeclaims", "ADDED",
        fmt::format(R"({{"metadata":{{{},"labels":{{"app":"pg"}}}},"spec":{{"volumeName":"pv-{}",)"
                    R"("accessModes":["ReadWriteOnce"]}},"status":{{"phase":"Bound"}}}})",
                    Meta(name, "claim-" + name, Stamp()), ordinal));
  Watch("persistentvolumes", "ADDED",
        fmt::format(R"({{"metadata":{{{}}},"spec":{{"accessModes":["ReadWriteOnce"],"claimRef":)"
                    R"({{"namespace":"ns","name":"{}","uid":"claim-{}"}}}},)"
                    R"("status":{{"phase":"Bound"}}}})",
                    Meta(fmt::format("pv-{}", ordinal), fmt::format("volume-{}", ordinal), Stamp()),
                    name, name));
}

void Generator::PodEvent(
    int ordinal, const char* type, const char* phase, bool ready, bool ending) {
  Pod& pod = pods_[ordinal];
  if (pod.ready_since.empty() || pod.ready != ready) pod.ready_since = Stamp();
  pod.ready = ready;
  const std::string name = fmt::format("pg-{}", ordinal);
  const std::string end =
      ending ? fmt::format(R"(,"deletionTimestamp":"{}","deletionGracePeriodSeconds":30)",
                           Stamp(30))
             : std::string();
  Watch("pods", type,
        fmt::format(
            R"({{"metadata":{{{},"generateName":"pg-","generation":{}{},"labels":{{"app":"pg",)"
            R"("statefulset.kubernetes.io/pod-name":"{}","apps.kubernetes.io/pod-index":"{}",)"
            R"("controller-revision-hash":"pg-1a"}},{}}},"spec":{{"hostname":"{}","subdomain":"pg",)"
            R"("nodeName":"n{}","containers":[{{"name":"main","image":"db:1","command":["{}"],)"
            R"("volumeMounts":[{{"name":"data","mountPath":"/data"}}]}}],"volumes":[{{"name":"data",)"
            R"("persistentVolumeClaim":{{"claimName":"data-{}"}}}}]}},"status":{{"phase":"{}",)"
            R"("podIP":"10.0.0.{}","conditions":[{{"type":"Ready","status":"{}",)"
            R"("lastTransitionTime":"{}"}}],"containerStatuses":[{{"name":"main",)"
            R"("restartCount":{},"containerID":"c-{}-{}"}}]}}}})",
            Meta(name, fmt::format("u-{}", pod.life), pod.created), ending ? 2 : 1, end, name,
            ordinal, kOwner, name, ordinal % 3, ballast_, name, phase, ordinal + 1,
            ready ? "True" : "False", pod.ready_since, pod.restarts, pod.life, pod.restarts));
}

void Generator::Up(int ordinal) {
  pods_[ordinal] = {.life = ++lives_, .created = Stamp(), .restarts = 0, .ready = false, .ready_since = {}};
  PodEvent(ordinal, "ADDED", "Pending", false, false);
  PodEvent(ordinal, "MODIFIED", "Running", false, false);
  t_ += 0.2;
  PodEvent(ordinal, "MODIFIED", "Running", true, false);
}

void Generator::Kill(int ordinal) {
  const int64_t id = ++actions_;
  Line(fmt::format(R"("kind":"action","id":{},"verb":"delete","resource":"pods","name":"pg-{}",)"
                   R"("uid":"u-{}")",
                   id, ordinal, pods_[ordinal].life));
  Line(fmt::format(R"("kind":"action-result","id":{},"ok":true,"status":200)", id));
  PodEvent(ordinal, "MODIFIED", "Running", true, true);
  t_ += 0.5;
  PodEvent(ordinal, "MODIFIED", "Succeeded", false, true);
  PodEvent(ordinal, "DELETED", "Succeeded", false, true);
  Up(ordinal);
}

// What a kubelet writes all day: mostly nothing new.
void Generator::Chatter(int ordinal) {
  if (random_.Below(50) == 0) ++pods_[ordinal].restarts;
  PodEvent(ordinal, "MODIFIED", "Running", true, false);
}

int64_t Generator::Run() {
  Line(R"("kind":"run","format":"holdfast-trace/1","target":{"kind":"StatefulSet","namespace":"ns","name":"pg"},"started":{"wall_ns":1800000000000000000},"server":"v1.36.2")");
  for (const char* resource : {"pods", "statefulsets", "persistentvolumeclaims",
                               "persistentvolumes", "controllerrevisions"})
    Line(fmt::format(R"("kind":"watch-open","resource":"{}","resourceVersion":"100","items":0)",
                     resource));
  Watch("controllerrevisions", "ADDED",
        fmt::format(R"({{"metadata":{{{},"labels":{{"controller.kubernetes.io/hash":"1a"}},{}}},)"
                    R"("revision":1}})",
                    Meta("pg-1a", "rev", Stamp()), kOwner));
  Set("ADDED");
  for (int ordinal = 0; ordinal < size_.replicas; ++ordinal) {
    Claim(ordinal);
    Up(ordinal);
  }
  Set("MODIFIED");
  for (int scenario = 0; scenario < size_.scenarios; ++scenario) {
    Line(fmt::format(R"("kind":"scenario","name":"s{}","phase":"begin")", scenario));
    const int64_t until = size_.events * (scenario + 1) / size_.scenarios;
    while (events_ < until) {
      const int ordinal = static_cast<int>(random_.Below(static_cast<uint64_t>(size_.replicas)));
      if (random_.Below(400) == 0) {
        Kill(ordinal);
      } else {
        Chatter(ordinal);
      }
    }
    t_ += 10;
    Line(fmt::format(R"("kind":"scenario","name":"s{}","phase":"end")", scenario));
  }
  Line(R"("kind":"end")");
  return events_;
}

}  // namespace

int64_t GenerateTrace(const TraceSize& size, std::ostream& out) {
  return Generator(size, out).Run();
}

int64_t GenerateSmallEvents(int64_t events, std::ostream& out) {
  out << R"({"t":0,"kind":"run","format":"holdfast-trace/1","target":{"kind":"StatefulSet","namespace":"ns","name":"pg"}})"
      << "\n"
      << R"({"t":0,"kind":"watch-open","resource":"pods","resourceVersion":"1","items":0})" << "\n";
  for (int64_t i = 0; i < events; ++i) {
    out << fmt::format(
        R"({{"t":{}.5,"kind":"watch","resource":"pods","event":{{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"{}"}}}}}}}})",
        i / 1000, i + 2)
        << "\n";
  }
  out << R"({"t":1000000,"kind":"end"})" << "\n";
  return events;
}

}  // namespace holdfast::benchmark

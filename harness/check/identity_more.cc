// SS-ID-8 to 11: templates, scratch space, length of names, and names that others hold.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/identity_more_parts.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;

constexpr size_t kLongestLabel = 63;

std::map<std::string_view, const trace::RevisionLife*> RevisionsByName(const Context& context) {
  std::map<std::string_view, const trace::RevisionLife*> revisions;
  for (const trace::RevisionLife& life : context.trace.revisions)
    revisions[life.name] = &life;
  return revisions;
}

std::optional<std::string> MissingLabel(const trace::Labels& wanted, const trace::Labels& actual) {
  for (const auto& [key, value] : wanted) {
    const auto found = actual.find(key);
    if (found == actual.end() || found->second != value) return key + "=" + value;
  }
  return std::nullopt;
}

// Some pod of the revision has what the template says: nothing rewrites them all on admission.
template <typename Predicate>
bool SomeAgree(const Context& context, const trace::RevisionLife& revision, Predicate agrees) {
  return std::any_of(context.members.begin(), context.members.end(), [&](const Member& member) {
    const PodLife& life = *member.life;
    return !life.listed && RevisionAt(life, life.first().line) == revision.name &&
           agrees(*life.states.front().identity);
  });
}

// The same image by another registry or digest, as admission writes it.
bool IsSameImage(std::string_view actual, std::string_view wanted) {
  const auto base = [](std::string_view image) { return image.substr(image.rfind('/') + 1); };
  const auto name = [&](std::string_view image) {
    const std::string_view last = base(image);
    return last.substr(0, last.find_first_of(":@"));
  };
  if (actual.find('@') != std::string_view::npos) return name(actual) == name(wanted);
  return base(actual) == base(wanted);
}

bool IsOfRevision(const Context& context, const std::string& container, const std::string& image) {
  return std::any_of(context.trace.revisions.begin(), context.trace.revisions.end(),
                     [&](const trace::RevisionLife& revision) {
                       const auto found = revision.containers.find(container);
                       return found != revision.containers.end() && found->second.image == image;
                     });
}

void JudgeContainers(Judgement& judge,
                     const PodLife& life,
                     const trace::RevisionLife& revision,
                     std::map<std::string_view, bool>& agree) {
  const trace::Containers& actual = life.states.front().identity->containers;
  for (const auto& [name, wanted] : revision.containers) {
    const auto found = actual.find(name);
    if (found != actual.end() && found->second == wanted) continue;
    const std::string what =
        found == actual.end() ? fmt::format("no container {}", name)
        : found->second.image != wanted.image
            ? fmt::format("container {} with the image {}", name, found->second.image)
            : fmt::format("container {} with another command", name);
    const auto [known, is_new] = agree.try_emplace(revision.name, false);
    if (is_new) {
      known->second = SomeAgree(judge.context(), revision, [&](const trace::PodIdentity& identity) {
        return identity.containers == revision.containers;
      });
    }
    if (!known->second) {
      judge.Undecided(fmt::format("all pods of the revision {} differ from it ({} in {}): admission "
                                  "may have rewritten them",
                                  revision.name, what, life.name));
      continue;
    }
    if (found != actual.end() && found->second.command == wanted.command &&
        IsSameImage(found->second.image, wanted.image) &&
        !IsOfRevision(judge.context(), name, found->second.image)) {
      judge.Undecided(fmt::format("{} has {} instead of {}: admission may have rewritten it",
                                  Describe(life), what, wanted.image));
      continue;
    }
    judge.Broken(life.first().t,
                 fmt::format("{} has {}, its revision {} says {}", Describe(life), what,
                             revision.name, wanted.image),
                 {PodId(life), {"ControllerRevision", revision.name, revision.uid}},
                 {revision.first().line, life.first().line});
  }
}

// An annotation that the template has and the pod lacks; or has with another value, which admission may
// do to all pods alike, though not with what another revision says.
std::optional<std::string> WrongAnnotation(Judgement& judge,
                                           const PodLife& life,
                                           const trace::RevisionLife& revision) {
  const Context& context = judge.context();
  const trace::Labels& actual = life.states.front().identity->annotations;
  for (const auto& annotation : revision.annotations) {
    const std::string& key = annotation.first;
    const std::string& value = annotation.second;
    const auto found = actual.find(key);
    if (found == actual.end()) return key + "=" + value;
    if (found->second == value) continue;
    const auto says = [&](const trace::Labels& annotations, const std::string& what) {
      const auto told = annotations.find(key);
      return told != annotations.end() && told->second == what;
    };
    const bool other = std::any_of(
        context.trace.revisions.begin(), context.trace.revisions.end(),
        [&](const trace::RevisionLife& any) { return says(any.annotations, found->second); });
    if (other || SomeAgree(context, revision, [&](const trace::PodIdentity& identity) {
          return says(identity.annotations, value);
        }))
      return key + "=" + value;
    judge.Undecided(fmt::format("all pods of the revision {} have another annotation {} ({} in {}): "
                                "admission may have rewritten them",
                                revision.name, key, found->second, life.name));
  }
  return std::nullopt;
}

void JudgeTemplate(Judgement& judge) {
  const auto revisions = RevisionsByName(judge.context());
  std::map<std::string_view, bool> agree;
  PartsJudge parts(judge);
  for (const Member* member : judge.Created()) {
    const PodLife& life = *member->life;
    const auto found = revisions.find(RevisionAt(life, life.first().line));
    if (found == revisions.end() || found->second->containers.empty()) continue;
    judge.Saw();
    const trace::RevisionLife& revision = *found->second;
    JudgeContainers(judge, life, revision, agree);
    parts.Judge(life, revision);
    const trace::PodIdentity& identity = *life.states.front().identity;
    auto missing = MissingLabel(revision.labels, identity.labels);
    if (!missing) missing = WrongAnnotation(judge, life, revision);
    if (!missing) continue;
    judge.Broken(life.first().t,
                 fmt::format("{} lacks {} of the template of its revision {}", Describe(life),
                             *missing, revision.name),
                 {PodId(life), {"ControllerRevision", revision.name, revision.uid}},
                 {revision.first().line, life.first().line});
  }
}

// Scratch space (an emptyDir): a new pod starts with an empty one, a restarted container keeps it.
void JudgeScratch(Judgement& judge) {
  std::map<std::string, const trace::Probe*> nonces;
  std::map<std::string, const trace::Probe*> by_uid;
  for (const trace::Probe& probe : judge.context().trace.probes) {
    const std::string nonce = GetString(probe.fields, {"scratch", "nonce"});
    if (nonce.empty() || probe.at.line >= judge.window().end_line) continue;
    const auto [first, is_new] = nonces.try_emplace(nonce, &probe);
    const auto [own, is_own] = by_uid.try_emplace(probe.uid, &probe);
    if (!judge.window().Has(probe.at)) continue;
    judge.Saw();
    if (!is_new && first->second->uid != probe.uid) {
      judge.Broken(probe.at.t,
                   fmt::format("the scratch space of pod {} (uid {}) holds what uid {} had written",
                               probe.pod, probe.uid, first->second->uid),
                   {{"Pod", probe.pod, probe.uid}, {"Pod", probe.pod, first->second->uid}},
                   {first->second->at.line, probe.at.line});
    } else if (!is_own && GetString(own->second->fields, {"scratch", "nonce"}) != nonce) {
      judge.Broken(probe.at.t,
                   fmt::format("the scratch space of pod {} (uid {}) was emptied during its life",
                               probe.pod, probe.uid),
                   {{"Pod", probe.pod, probe.uid}}, {own->second->at.line, probe.at.line});
    }
  }
}

void JudgeLengths(Judgement& judge) {
  for (const Member* member : judge.Created()) {
    const PodLife& life = *member->life;
    judge.Saw();
    std::string what;
    if (life.name.size() > kLongestLabel) what = "name";
    for (const auto& [key, value] : life.states.front().identity->labels)
      if (value.size() > kLongestLabel) what = "label " + key;
    if (what.empty()) continue;
    judge.Broken(life.first().t,
                 fmt::format("{} was created although its {} has more than {} characters",
                             Describe(life), what, kLongestLabel),
                 {PodId(life)}, {life.first().line});
  }
}

// A pod of the set's names that never was the set's.
void JudgeSquatting(Judgement& judge) {
  const Context& context = judge.context();
  for (const PodLife& squatter : context.trace.pods) {
    ++context.steps;
    const int64_t ordinal = context.OrdinalOf(squatter.name);
    if (ordinal < 0 || context.by_uid.contains(squatter.uid) ||
        !squatter.Overlaps(judge.window().begin_line, judge.window().end_line))
      continue;
    judge.Saw();
    for (const Member* member : judge.Created()) {
      const At at = member->life->first();
      const bool there = squatter.first().t < at.t - kDelta && squatter.Spans(at.line);
      if (!there || member->ordinal < ordinal) continue;
      const Range range = CertainRange(context.SetAround(at));
      const bool wanted = ordinal >= range.first && ordinal < range.last;
      const bool same = member->ordinal == ordinal;
      if (!same && (!wanted || context.Parallel())) continue;
      judge.Broken(at.t,
                   fmt::format("{} was created at {} while {}, which is not the set's, held the "
                               "name {}",
                               Describe(*member->life), Seconds(at.t), Describe(squatter),
                               squatter.name),
                   {PodId(*member->life), PodId(squatter)}, {squatter.first().line, at.line});
    }
  }
}

}  // namespace

std::vector<Guarantee> IdentityFamily() {
  return {
      {.id = "SS-ID-8",
       .title = "pods follow their template",
       .paragraph = "Containers, labels and annotations of a new pod are those of the template that "
                    "its ControllerRevision stores.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod of the set is created and its revision is known",
       .exceptions = "What admission adds; images and values of annotations that admission rewrites.",
       .needs = {"pods", "statefulsets", "controllerrevisions"},
       .seen = "{} pods followed the templates of their revisions",
       .judge = JudgeTemplate},
      {.id = "SS-ID-9",
       .title = "what is not kept",
       .paragraph = "Scratch space (emptyDir) is empty in a new pod and kept over restarts of a "
                    "container. Addresses and nodes of a pod may change; nothing is judged there.",
       .since = "Kubernetes 1.5",
       .exercised = "a probe looks into the scratch space",
       .decided = "probe",
       .needs = {"pods"},
       .seen = "{} looks into scratch space found what was due",
       .judge = JudgeScratch},
      {.id = "SS-ID-10",
       .title = "length of names",
       .paragraph = "No pod is created whose name or labels have more than 63 characters; such a "
                    "set is accepted, but its pods fail.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod of the set is created",
       .seen = "{} pods with names and labels of at most 63 characters",
       .judge = JudgeLengths},
      {.id = "SS-ID-11",
       .title = "names that others hold",
       .paragraph = "A pod that is not the set's but has one of its names blocks that ordinal, and "
                    "with OrderedReady all above.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod that is not the set's has a name of its range",
       .exceptions = "The first 5 s.",
       .order = true,
       .seen = "{} names held by others blocked their ordinals",
       .judge = JudgeSquatting},
  };
}

}  // namespace holdfast::check

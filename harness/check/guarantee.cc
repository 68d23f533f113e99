// What is common to the judging of every guarantee: whom it binds and what it needs.
#include <fmt/format.h>

#include "harness/check/families.h"

namespace holdfast::check {
namespace {

std::optional<std::string> Excuse(const Guarantee& guarantee, const Context& context) {
  if (context.IsDeployment()) return "the target is a Deployment, which does not promise this";
  const bool parallel = context.Parallel();
  if (guarantee.scope == Scope::kOrdered && parallel) return "podManagementPolicy is Parallel";
  if (guarantee.scope == Scope::kParallel && !parallel)
    return "podManagementPolicy is OrderedReady";
  for (const std::string& resource : guarantee.wants)
    if (!context.trace.opened.contains(resource)) return resource + " were not watched";
  return std::nullopt;
}

}  // namespace

CheckResult JudgeGuarantee(const Guarantee& guarantee,
                           const Context& context,
                           const Window& window) {
  Judgement judge(context, window, guarantee.id);
  if (const auto excuse = Excuse(guarantee, context)) return judge.NotApplicable(*excuse);
  std::vector<std::string> needs = guarantee.needs;
  needs.insert(needs.end(), guarantee.wants.begin(), guarantee.wants.end());
  judge.Needs(std::move(needs));
  judge.RestsOnWholeness();
  if (guarantee.order) judge.RestsOnOrder();
  guarantee.judge(judge);
  return judge.Conclude(fmt::format(fmt::runtime(guarantee.seen), judge.judged()),
                        fmt::format("not exercised: it is judged when {}", guarantee.exercised));
}

}  // namespace holdfast::check

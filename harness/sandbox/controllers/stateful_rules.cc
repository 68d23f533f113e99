#include "harness/sandbox/controllers/stateful_rules.h"

namespace holdfast::sandbox {

StatefulRules StatefulRules::With(const Defects& defects) {
  StatefulRules rules;
  rules.create_all_at_once = defects.Has(Defect::kCreateInParallel);
  rules.create_descending = defects.Has(Defect::kCreateDescending);
  rules.create_before_ready = defects.Has(Defect::kCreateBeforeReady);
  rules.condemn_ascending = defects.Has(Defect::kScaleDownAscending);
  rules.condemn_overlapping = defects.Has(Defect::kScaleDownOverlapping);
  rules.update_ascending = defects.Has(Defect::kUpdateAscending);
  rules.updates_at_once = defects.Has(Defect::kUpdateTwoAtATime) ? 2 : 1;
  rules.update_ignores_partition = defects.Has(Defect::kUpdateIgnoresPartition);
  rules.update_ignores_readiness = defects.Has(Defect::kUpdateIgnoresReadiness);
  rules.update_under_on_delete = defects.Has(Defect::kUpdateUnderOnDelete);
  rules.newest_below_partition =
      defects.Has(Defect::kWrongRevisionAfterKill) || rules.update_ignores_partition;
  rules.delete_claims_of_condemned = defects.Has(Defect::kClaimDeletedOnScaleDown);
  rules.delete_claims_of_deleted = defects.Has(Defect::kClaimDeletedOnPodDelete);
  rules.fresh_claims = defects.Has(Defect::kFreshClaimOnRecreate);
  rules.label_pods = !defects.Has(Defect::kLabelsMissing);
  rules.hidden_ready = defects.Has(Defect::kStatusCountersWrong) ? 1 : 0;
  rules.restart_unprovoked = defects.Has(Defect::kUnexpectedRestart);
  return rules;
}

}  // namespace holdfast::sandbox

// Fields of the workloads that are kept but that no controller of the sandbox acts on: daemon sets,
// jobs and replication controllers. The form is told in schema.h.
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {

const char* const kSchemaBatch = R"table(
= core.ReplicationController | A number of pods that can replace each other, of the older shape.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec ReplicationControllerSpec | The wanted state.
status ReplicationControllerStatus | The observed state.
= core.ReplicationControllerSpec |
replicas int32 | Number of pods.
minReadySeconds int32 | Seconds a pod must be ready before it counts as available.
selector map:string @atomic | Labels of the pods that are counted.
template PodTemplateSpec | What each pod looks like.
= core.ReplicationControllerStatus |
replicas! int32 | Number of pods.
fullyLabeledReplicas int32 | Pods with all labels of the template.
readyReplicas int32 | Pods that are ready.
availableReplicas int32 | Pods that have been ready for at least minReadySeconds.
observedGeneration int64 | Generation that the controller has acted on.
conditions []ReplicationControllerCondition @type ^type | Latest observations of the object's state.
= core.ReplicationControllerCondition |
type! string | The type.
status! string | The observed state.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= apps.DaemonSet | One pod on each node.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec DaemonSetSpec | The wanted state.
status DaemonSetStatus | The observed state.
= apps.DaemonSetSpec |
selector! meta.LabelSelector | Labels by which the set knows its pods; fixed at creation.
template! core.PodTemplateSpec | What each pod looks like.
updateStrategy DaemonSetUpdateStrategy | How pods are replaced when the template changes.
minReadySeconds int32 | Seconds a pod must be ready before it counts as available.
revisionHistoryLimit int32 | How many old revisions are kept.
= apps.DaemonSetStatus |
currentNumberScheduled! int32 | Nodes that run a pod and should.
numberMisscheduled! int32 | Nodes that run a pod and should not.
desiredNumberScheduled! int32 | Nodes that should run a pod.
numberReady! int32 | Nodes whose pod is ready.
observedGeneration int64 | Generation that the controller has acted on.
updatedNumberScheduled int32 | Nodes whose pod is made from the newest template.
numberAvailable int32 | Nodes whose pod is available.
numberUnavailable int32 | Nodes that should have an available pod and have none.
collisionCount int32 | Counts clashes of generated names.
conditions []DaemonSetCondition @type ^type | Latest observations of the object's state.
= apps.DaemonSetUpdateStrategy |
type string | RollingUpdate or OnDelete.
rollingUpdate RollingUpdateDaemonSet | Settings of type RollingUpdate.
= apps.RollingUpdateDaemonSet |
maxUnavailable intorstring | How many pods may be unavailable at once; number or percentage.
maxSurge intorstring | How many nodes may run two pods at once; number or percentage.
= apps.DaemonSetCondition |
type! string | The type.
status! string | The observed state.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= batch.Job | Pods that run until enough of them have succeeded.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec JobSpec | The wanted state.
status JobStatus | The observed state.
= batch.JobSpec |
parallelism int32 | How many pods run at once.
completions int32 | How many pods have to succeed.
activeDeadlineSeconds int64 | Seconds after which the job has failed.
podFailurePolicy object | Which failures of pods end the job.
successPolicy object | When the job has succeeded before all pods have.
backoffLimit int32 | How many failures of pods are borne.
backoffLimitPerIndex int32 | How many failures are borne for one index.
maxFailedIndexes int32 | How many indexes may fail.
selector meta.LabelSelector | Labels of the pods that are counted.
manualSelector bool | Whether the selector and the labels are the caller's.
template! core.PodTemplateSpec | What each pod looks like.
ttlSecondsAfterFinished int32 | Seconds after its end at which the job is removed.
completionMode string | NonIndexed or Indexed.
suspend bool | Whether no pods are to run.
podReplacementPolicy string | When a pod is replaced: TerminatingOrFailed or Failed.
managedBy string | Controller that acts on the job.
= batch.JobStatus |
conditions []JobCondition @type ^type | Latest observations of the object's state.
startTime time | When the job was begun.
completionTime time | When the job succeeded.
active int32 | Pods that run.
succeeded int32 | Pods that have succeeded.
failed int32 | Pods that have failed.
terminating int32 | Pods that are going away.
completedIndexes string | Indexes that have succeeded.
failedIndexes string | Indexes that have failed.
uncountedTerminatedPods object | Pods that have ended and are not yet counted.
ready int32 | Pods that are ready.
= batch.JobCondition |
type! string | The type.
status! string | The observed state.
lastProbeTime time | When it was last looked at.
lastTransitionTime time | When the status last changed.
reason string | One word for machines.
message string | What happened, for people.
= batch.JobTemplateSpec |
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec JobSpec | The wanted state.
= batch.CronJob | Jobs that are made at times.
apiVersion string | Group and version of the schema this object is written in.
kind string | Kind of the object in this schema.
metadata meta.ObjectMeta | Name, labels and other data that every object has.
spec CronJobSpec | The wanted state.
status CronJobStatus | The observed state.
= batch.CronJobSpec |
schedule! string | When, in the form of cron.
timeZone string | Time zone of the schedule.
startingDeadlineSeconds int64 | How late a job may begin, in seconds.
concurrencyPolicy string | Allow, Forbid or Replace.
suspend bool | Whether no jobs are to be made.
jobTemplate! JobTemplateSpec | What each job looks like.
successfulJobsHistoryLimit int32 | How many jobs that succeeded are kept.
failedJobsHistoryLimit int32 | How many jobs that failed are kept.
= batch.CronJobStatus |
active []core.ObjectReference @atomic | Jobs that run.
lastScheduleTime time | When a job was last due.
lastSuccessfulTime time | When a job last succeeded.
)table";

}  // namespace holdfast::sandbox

// One function per fault: its only instance. The classes live in their own files.
#ifndef HOLDFAST_FAULTS_ALL_FAULTS_H_
#define HOLDFAST_FAULTS_ALL_FAULTS_H_

#include "faults/fault.h"

namespace holdfast::faults {

const Fault& PodDeleteFault();
const Fault& EvictFault();
const Fault& ContainerKillFault();
const Fault& ScaleFault();
const Fault& ImageUpdateFault();
const Fault& TemplateRestartFault();
const Fault& ClaimDeleteFault();
const Fault& StatefulSetDeleteFault();
const Fault& NodeDrainFault();
const Fault& CordonFault();
const Fault& TaintFault();
const Fault& OutOfServiceFault();
const Fault& NodeCrashFault();
const Fault& NodeFreezeFault();
const Fault& NodePartitionFault();
const Fault& NodeReturnFault();

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_ALL_FAULTS_H_

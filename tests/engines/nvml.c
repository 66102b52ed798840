/* A stand-in for NVIDIA's management library with two cards drawing 300 and 45.5 W, so that what reads the real
 * one is tested where there is no card. */
#include <string.h>
typedef int result;
result nvmlInit_v2(void) { return 0; }
result nvmlInitWithFlags(unsigned flags) { (void)flags; return 0; }
result nvmlShutdown(void) { return 0; }
result nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
result nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card) { *card = (void *)(long)(index + 1); return 0; }
result nvmlDeviceGetPowerUsage(void *card, unsigned *milliwatts) { *milliwatts = (long)card == 1 ? 300000 : 45500; return 0; }
const char *nvmlErrorString(result code) { return code ? "error" : "success"; }

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_host.h - the runner's parameters
 */
#ifndef _PMA_HOST_H
#define _PMA_HOST_H

/**
 * struct pma_host_params - parameters of pma_kunit.ko, as options
 * @seed: of the random suites; 0 for another one each time
 * @ops: operations of a random suite; 0 for the default
 */
struct pma_host_params {
	unsigned long long seed;
	unsigned int ops;
};

extern struct pma_host_params pma_host_params;

#endif /* _PMA_HOST_H */

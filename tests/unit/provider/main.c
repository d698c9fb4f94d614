/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/tests.h"

int
main(void)
{
	int failed = run_definition_tests();

	failed += run_causes_tests();
	failed += run_wording_tests();
	failed += run_corpus_tests();
	failed += run_expand_tests();
	failed += run_provider_tests();
	failed += run_catalogue_tests();
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What starting and ending any program costs here. */
int
main(void)
{
	return 0;
}

"""Differential item functioning: does an item favour a group among equally able persons?"""

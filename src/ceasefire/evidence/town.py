"""The places that questions about this war name, declared by hand, with their spellings.

A GeoNames identifier lets `survey` take the position from the table of places; the position given here serves where
that table lacks the place, and where `centre` says so. Spellings, kinds and the populations given here are general
knowledge (trust D); two of the populations override figures of the table that are plainly wrong.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Town:
    """One declared place."""

    name: str
    geonames: int | None
    latitude: float
    longitude: float
    oblast: str
    aliases: tuple[str, ...] = ()
    kind: str = "town"
    country: str = "UA"
    population: int | None = None
    """Overrides the table of places."""
    centre: bool = False
    """The position given here governs: the point that dated statements about the town refer to."""


TOWNS = (
    Town("Kramatorsk", 704508, 48.739, 37.584, "Donetsk", ("Краматорськ", "Краматорск")),
    Town("Sloviansk", 693468, 48.853, 37.605, "Donetsk", ("Slavyansk", "Slaviansk", "Слов'янськ", "Славянск")),
    Town(
        "Kostiantynivka",
        705104,
        48.528,
        37.707,
        "Donetsk",
        ("Konstantinovka", "Konstantynivka", "Kostiantinivka", "Костянтинівка", "Константиновка"),
    ),
    Town("Druzhkivka", 616743, 48.621, 37.528, "Donetsk", ("Druzhkovka", "Дружківка", "Дружковка")),
    Town(
        "Pokrovsk",
        704422,
        48.282,
        37.176,
        "Donetsk",
        ("Krasnoarmiisk", "Krasnoarmeysk", "Krasnoarmeisk", "Покровськ"),
        centre=True,
    ),
    Town("Pokrovsk north", None, 48.303, 37.185, "Donetsk", ("northern Pokrovsk",), kind="quarter"),
    Town("Pokrovsk south", None, 48.262, 37.180, "Donetsk", ("southern Pokrovsk",), kind="quarter"),
    Town(
        "Myrnohrad", 710035, 48.302, 37.268, "Donetsk", ("Mirnograd", "Dimitrov", "Dymytrov", "Мирноград"), centre=True
    ),
    Town("Rodynske", 695581, 48.353, 37.207, "Donetsk", ("Rodinskoe", "Rodynskoye", "Родинське")),
    Town("Dobropillia", 709900, 48.461, 37.084, "Donetsk", ("Dobropillya", "Dobropolye", "Добропілля")),
    Town("Bilytske", 712613, 48.406, 37.181, "Donetsk", ("Belitskoe", "Білицьке")),
    Town("Toretsk", 709354, 48.397, 37.847, "Donetsk", ("Dzerzhynsk", "Dzerzhinsk", "Торецьк"), centre=True),
    Town("Chasiv Yar", 710915, 48.587, 37.834, "Donetsk", ("Chasov Yar", "Chasivyar", "Часів Яр", "Часов Яр")),
    Town("Siversk", 694403, 48.865, 38.097, "Donetsk", ("Seversk", "Сіверськ")),
    Town("Lyman", 704204, 48.990, 37.808, "Donetsk", ("Liman", "Krasnyi Lyman", "Krasny Liman", "Лиман")),
    Town("Bakhmut", 713174, 48.594, 37.999, "Donetsk", ("Artemivsk", "Artyomovsk", "Artemovsk", "Бахмут")),
    Town("Avdiivka", 713122, 48.140, 37.750, "Donetsk", ("Avdeevka", "Avdeyevka", "Авдіївка")),
    Town("Kurakhove", 695357, 47.985, 37.281, "Donetsk", ("Kurakhovo", "Курахове")),
    Town("Velyka Novosilka", 690237, 47.843, 36.836, "Donetsk", ("Velikaya Novoselka", "Velyka Novosylka")),
    Town("Vuhledar", 690823, 47.780, 37.250, "Donetsk", ("Ugledar", "Vugledar", "Вугледар")),
    Town("Selydove", 694677, 48.147, 37.302, "Donetsk", ("Selidovo", "Selydovo", "Селидове")),
    Town("Novohrodivka", 699557, 48.201, 37.339, "Donetsk", ("Novogrodovka", "Новогродівка")),
    Town("Ocheretyne", 698759, 48.244, 37.616, "Donetsk", ("Ocheretino", "Очеретине"), kind="village"),
    Town("Donetsk", 709717, 48.023, 37.802, "Donetsk", ("Донецьк", "Донецк")),
    Town("Horlivka", 707753, 48.300, 38.017, "Donetsk", ("Gorlovka", "Горлівка")),
    Town("Mariupol", 701822, 47.095, 37.541, "Donetsk", ("Маріуполь",), population=425681),
    Town("Luhansk", 702658, 48.574, 39.307, "Luhansk", ("Lugansk", "Voroshilovgrad", "Луганськ")),
    Town("Sievierodonetsk", 691999, 48.944, 38.488, "Luhansk", ("Severodonetsk", "Siverskodonetsk", "Сєвєродонецьк")),
    Town("Lysychansk", 702972, 48.912, 38.421, "Luhansk", ("Lisichansk", "Лисичанськ")),
    Town("Kreminna", 704138, 49.048, 38.216, "Luhansk", ("Kremennaya", "Кремінна")),
    Town("Svatove", 692118, 49.409, 38.155, "Luhansk", ("Svatovo", "Сватове")),
    Town("Kharkiv", 706483, 49.982, 36.255, "Kharkiv", ("Kharkov", "Харків")),
    Town("Kupiansk", 703656, 49.710, 37.616, "Kharkiv", ("Kupyansk", "Kupjansk", "Куп'янськ", "Купянск")),
    Town("Vovchansk", 689304, 50.291, 36.941, "Kharkiv", ("Volchansk", "Вовчанськ")),
    Town("Izium", 707292, 49.207, 37.277, "Kharkiv", ("Izyum", "Ізюм")),
    Town("Zaporizhzhia", 687700, 47.838, 35.139, "Zaporizhzhia", ("Zaporizhia", "Zaporozhye", "Zaporizhzhya")),
    Town(
        "Zaporizhzhia nuclear plant",
        None,
        47.512,
        34.586,
        "Zaporizhzhia",
        ("Zaporizhzhia NPP", "Zaporizhzhia Nuclear Power Plant", "ZNPP", "ZAES", "Zaporizhia nuclear power plant"),
        kind="plant",
    ),
    Town("Enerhodar", 709276, 47.490, 34.662, "Zaporizhzhia", ("Energodar", "Енергодар")),
    Town(
        "Huliaipole",
        707898,
        47.667,
        36.256,
        "Zaporizhzhia",
        ("Huliaypole", "Hulyaypole", "Hulyaipole", "Gulyaypole", "Guliaipole"),
    ),
    Town("Orikhiv", 698428, 47.576, 35.783, "Zaporizhzhia", ("Orekhov", "Orekhiv", "Оріхів")),
    Town("Melitopol", 701404, 46.847, 35.382, "Zaporizhzhia", ("Мелітополь",)),
    Town("Berdiansk", 712451, 46.756, 36.788, "Zaporizhzhia", ("Berdyansk", "Бердянськ")),
    Town("Tokmak", 691469, 47.256, 35.708, "Zaporizhzhia", ("Токмак",)),
    Town("Robotyne", None, 47.442, 35.837, "Zaporizhzhia", ("Rabotino", "Роботине"), kind="village", population=480),
    Town("Stepnohirsk", 692248, 47.590, 35.364, "Zaporizhzhia", ("Stepnogorsk", "Степногірськ"), kind="village"),
    Town("Kherson", 706448, 46.636, 32.617, "Kherson", ("Херсон",), population=279131),
    Town("Dnieper delta", None, 46.55, 32.40, "Kherson", ("Dnipro delta", "Dnieper Delta"), kind="region"),
    Town("Nova Kakhovka", 699839, 46.760, 33.356, "Kherson", ("Novaya Kakhovka", "Нова Каховка")),
    Town("Oleshky", 691037, 46.626, 32.724, "Kherson", ("Tsyurupynsk", "Aleshki", "Олешки")),
    Town("Simferopol", 693805, 44.952, 34.102, "Crimea", ("Сімферополь", "Симферополь")),
    Town("Sevastopol", 694423, 44.608, 33.521, "Sevastopol", ("Севастополь",)),
    Town("Kerch", 706524, 45.357, 36.475, "Crimea", ("Керч",)),
    Town("Dnipro", 709930, 48.467, 35.041, "Dnipropetrovsk", ("Dnepr", "Dnipropetrovsk", "Дніпро")),
    Town("Kryvyi Rih", 703845, 47.906, 33.394, "Dnipropetrovsk", ("Krivoy Rog", "Kryvyy Rih", "Кривий Ріг")),
    Town("Pavlohrad", 697889, 48.532, 35.869, "Dnipropetrovsk", ("Pavlograd", "Павлоград")),
    Town("Nikopol", 700051, 47.568, 34.391, "Dnipropetrovsk", ("Нікополь",)),
    Town("Poltava", 696643, 49.589, 34.554, "Poltava", ("Полтава",)),
    Town("Sumy", 692194, 50.911, 34.803, "Sumy", ("Sumi", "Суми", "Сумы")),
    Town("Chernihiv", 710735, 51.505, 31.287, "Chernihiv", ("Chernigov", "Чернігів")),
    Town("Mykolaiv", 700569, 46.976, 31.993, "Mykolaiv", ("Nikolaev", "Nikolayev", "Миколаїв")),
    Town("Odesa", 698740, 46.486, 30.744, "Odesa", ("Odessa", "Одеса")),
    Town("Kyiv", 703448, 50.450, 30.523, "Kyiv City", ("Kiev", "Київ", "Киев")),
    Town("Sudzha", 486816, 51.193, 35.272, "Kursk", ("Суджа",), country="RU"),
    Town("Kursk", 538560, 51.730, 36.193, "Kursk", ("Курск",), country="RU"),
    Town("Belgorod", 578072, 50.603, 36.581, "Belgorod", ("Bilhorod", "Белгород"), country="RU"),
    Town("Moscow", None, 55.756, 37.617, "", ("Moskva", "Москва"), country="RU", population=13010112),
    Town(
        "St Petersburg",
        None,
        59.939,
        30.316,
        "",
        ("Saint Petersburg", "St. Petersburg", "Sankt-Peterburg"),
        country="RU",
        population=5601911,
    ),
    Town("Abu Dhabi", None, 24.454, 54.377, "", country="AE"),
    Town("Istanbul", None, 41.008, 28.978, "", country="TR"),
    Town("Davos", None, 46.803, 9.836, "", country="CH"),
    Town("Anchorage", None, 61.250, -149.806, "", ("Alaska", "JBER", "Elmendorf-Richardson"), country="US"),
    Town("Washington", None, 38.897, -77.036, "", ("Washington, D.C.", "Washington DC"), country="US"),
    Town("Baku", None, 40.409, 49.867, "", country="AZ"),
    Town("Yerevan", None, 40.179, 44.499, "", country="AM"),
)
